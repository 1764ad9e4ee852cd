(() => {
  const dark = matchMedia("(prefers-color-scheme: dark)");
  const follow = () => document.documentElement.classList.toggle("dark-mode", dark.matches);
  dark.addEventListener("change", follow);
  follow();
  SwaggerUIBundle({
    url: "/api/v1/openapi.json",
    dom_id: "#swagger",
    deepLinking: true,
    docExpansion: "list",
    defaultModelsExpandDepth: -1,
    persistAuthorization: true,
    validatorUrl: null,
    // What Swagger draws pushes the problems down, so the address's anchor is looked up again.
    onComplete: () => location.hash.startsWith("#problem-") && document.querySelector(location.hash)?.scrollIntoView(),
  });
})();
