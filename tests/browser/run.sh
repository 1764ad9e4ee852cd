#!/usr/bin/env bash
# Opens the documentation page in headless Chromium and makes a call with "Try it out".
# Needs chromium and npm; playwright-core is installed into $CRM_TOOLS_DIR, once.
set -eu
cd "$(dirname "$0")/../.."
tools="${CRM_TOOLS_DIR:-$HOME/.cache/crm-tools}/browser"
version=1.56.1
if [ ! -f "$tools/node_modules/playwright-core/package.json" ] || ! grep -q "\"version\": \"$version\"" "$tools/node_modules/playwright-core/package.json"; then
    echo "installing playwright-core $version (once)"
    mkdir -p "$tools"
    npm install --silent --no-fund --no-audit --prefix "$tools" "playwright-core@$version"
fi
cargo build --quiet --workspace --bin crm
NODE_PATH="$tools/node_modules" node tests/browser/docs.cjs "${1:-target/docs-page.png}"
