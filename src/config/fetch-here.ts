/**
 * As `fetch`, but rejects on a redirect: whoever follows it shows the headers, and so the API key,
 * to whatever server it names.
 */
export const fetchHere: typeof fetch = async (input, init) => {
  const response = await fetch(input, { ...init, redirect: "manual" });
  const location = response.headers.get("location");
  if (response.status < 300 || response.status >= 400 || location === null) return response;
  await response.body?.cancel();
  throw new Error(`it redirects to ${new URL(location, response.url).href}`);
};
