import "graphiql/setup-workers/vite";
import { createRoot } from "react-dom/client";
import { apiUrl, readConfig } from "./config.ts";
import { createFetcher } from "./fetcher.ts";
import { Page } from "./page.tsx";

const { title, endpoint, tabs } = readConfig();
document.title = title;
const fetcher = createFetcher(apiUrl(endpoint, new URL(location.href)));
const root = document.getElementById("graphiql");
if (root) createRoot(root).render(<Page fetcher={fetcher} tabs={tabs} />);
