// The documentation page as a reader uses it: it loads nothing from elsewhere, shows the routes, and
// a call made with "Try it out" answers. Usage: node docs.cjs SCREENSHOT.png
const { spawn } = require("node:child_process");
const net = require("node:net");
const { chromium } = require("playwright-core");

function freePort() {
  return new Promise((resolve) => {
    const server = net.createServer().listen(0, "127.0.0.1", () => {
      const { port } = server.address();
      server.close(() => resolve(port));
    });
  });
}

async function untilUp(url) {
  for (let tries = 0; tries < 300; tries++) {
    try {
      if ((await fetch(url)).ok) return;
    } catch {
      // not listening yet
    }
    await new Promise((resolve) => setTimeout(resolve, 100));
  }
  throw new Error(`${url} does not answer`);
}

function check(condition, what) {
  if (!condition) throw new Error(`not so: ${what}`);
}

async function visit(base, screenshot) {
  const executablePath = process.env.CHROMIUM || "/usr/bin/chromium";
  const args = ["--no-sandbox", "--disable-gpu", "--disable-quic", "--no-first-run", "--disable-background-networking", "--disable-component-update", "--disable-sync"];
  const browser = await chromium.launch({ executablePath, args });
  try {
    const page = await browser.newPage({ viewport: { width: 1280, height: 1600 } });
    const foreign = [];
    const complaints = [];
    page.on("request", (request) => {
      if (!request.url().startsWith(base) && !request.url().startsWith("data:") && !request.url().startsWith("blob:")) foreign.push(request.url());
    });
    page.on("console", (message) => {
      if (message.type() === "error") complaints.push(message.text());
    });
    await page.goto(`${base}/api/v1/docs`);
    await page.waitForSelector(".opblock");
    const routes = await page.locator(".opblock").count();
    const document = await (await fetch(`${base}/api/v1/openapi.json`)).json();
    const operations = Object.values(document.paths).flatMap((item) => Object.keys(item)).length;
    check(routes === operations, `every operation is shown (${routes} of ${operations})`);

    // Try it: sign in, and use the token for a call that needs it.
    const login = page.locator("#operations-Auth-login");
    await login.locator(".opblock-summary").click();
    await login.locator(".try-out__btn").click();
    await login.locator("textarea").first().fill('{"email":"sales@crm.example","password":"seven-otters-juggle"}');
    await login.locator(".execute").click();
    const answer = login.locator(".live-responses-table .response-col_description .microlight, .live-responses-table pre.microlight").first();
    await answer.waitFor();
    const token = JSON.parse(await answer.innerText()).data.accessToken;
    check(typeof token === "string", "signing in answers with a token");
    await page.locator(".auth-wrapper .authorize").first().click();
    await page.locator(".auth-container input").first().fill(token);
    await page.locator(".auth-container .authorize[type=submit]").click();
    await page.locator(".auth-container .btn-done").click();
    const me = page.locator("#operations-Auth-me");
    await me.locator(".opblock-summary").click();
    await me.locator(".try-out__btn").click();
    await me.locator(".execute").click();
    const mine = me.locator(".live-responses-table pre.microlight").first();
    await mine.waitFor();
    check(JSON.parse(await mine.innerText()).data.email === "sales@crm.example", "the call is made as the user");
    await page.screenshot({ path: screenshot });
    check(foreign.length === 0, `nothing is loaded from elsewhere: ${foreign}`);
    check(complaints.length === 0, `the browser has nothing to complain about: ${complaints}`);
    check((await page.locator("#problem-duplicate").count()) === 1, "problems are explained");
    console.log(`${routes} operations shown, sign-in and a signed-in call made with "Try it out"; ${screenshot}`);
  } finally {
    await browser.close();
  }
}

async function main() {
  const port = await freePort();
  const crm = spawn("target/debug/crm", ["--memory", "--port", String(port)], { stdio: "ignore" });
  try {
    await untilUp(`http://127.0.0.1:${port}/api/v1/health`);
    await visit(`http://127.0.0.1:${port}`, process.argv[2]);
  } finally {
    crm.kill("SIGTERM");
  }
}

main().catch((error) => {
  console.error(String(error));
  process.exit(1);
});
