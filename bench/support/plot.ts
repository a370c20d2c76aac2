import { mkdir, writeFile } from "node:fs/promises";
import { join } from "node:path";
import { init } from "echarts";
import type { Answer } from "./question.ts";
import { median } from "./statistics.ts";

/** Draws a curve as `<folder>/<name>.svg`: the medians, both axes logarithmic. */
export async function writePlot(
  { title, metrics, measured }: Answer,
  { name, x, y }: NonNullable<Answer["curve"]>,
  folder: string,
): Promise<void> {
  const chart = init(null, null, { renderer: "svg", ssr: true, width: 800, height: 480 });
  chart.setOption({
    animation: false,
    backgroundColor: "#fff",
    title: { text: title, left: "center" },
    legend: { bottom: 0 },
    grid: { top: 60, bottom: 80, left: 80, right: 40 },
    xAxis: { type: "log", name: x, nameLocation: "middle", nameGap: 30 },
    yAxis: { type: "log", name: y, nameLocation: "middle", nameGap: 50 },
    series: measured.map(({ name: contestant, samples }) => ({
      type: "line",
      name: contestant,
      data: metrics.map(({ key }) => [
        Number(key),
        median(samples.map((sample) => sample[key]).filter((value) => value !== undefined)),
      ]),
    })),
  });
  const svg = chart.renderToSVGString();
  chart.dispose();
  await mkdir(folder, { recursive: true });
  await writeFile(join(folder, `${name}.svg`), svg);
}
