#!/usr/bin/env bash
# Does with docs/openapi.json what clients do: lints it, makes TypeScript of it, and compiles a client of that.
# Needs node and npm; the tools are installed into $CRM_TOOLS_DIR, once.
set -eu
cd "$(dirname "$0")/../.."
tools="${CRM_TOOLS_DIR:-$HOME/.cache/crm-tools}/clients"
packages="openapi-typescript@7.13.0 @redocly/cli@2.77.0 typescript@5.9.3"
if [ "$(cat "$tools/installed" 2>/dev/null)" != "$packages" ]; then
    echo "installing $packages (once)"
    mkdir -p "$tools"
    # shellcheck disable=SC2086
    npm install --silent --no-fund --no-audit --prefix "$tools" $packages
    echo "$packages" >"$tools/installed"
fi
export REDOCLY_TELEMETRY=off REDOCLY_SUPPRESS_UPDATE_NOTICE=true
bin="$tools/node_modules/.bin"
problems=$("$bin/redocly" lint --config tests/api/redocly.yaml --format json docs/openapi.json 2>/dev/null) || true
# A warning is as bad as an error; an exception stands in redocly.yaml with its reason.
node -e '
    const { totals, problems } = JSON.parse(process.argv[1]);
    problems.forEach((problem) => console.log(`${problem.ruleId}: ${problem.message} at ${problem.location[0]?.pointer}`));
    console.log(`redocly: ${totals.errors} errors, ${totals.warnings} warnings`);
    process.exit(totals.errors + totals.warnings ? 1 : 0);
' "$problems"
work=$(mktemp -d)
trap 'rm -rf "$work"' EXIT
"$bin/openapi-typescript" docs/openapi.json --output "$work/crm.d.ts" >/dev/null
cp tests/api/client.ts "$work"
"$bin/tsc" --noEmit --strict --module esnext --moduleResolution bundler "$work/client.ts"
named=$(sed -n '/^    schemas: {/,/^    };/p' "$work/crm.d.ts" | grep -c '^        [A-Z][A-Za-z]*: ')
echo "openapi-typescript: $named named schemas, and the client compiles"
