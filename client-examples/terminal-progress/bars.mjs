import { MultiBar, Presets } from "cli-progress";

const hasColors = process.stdout.hasColors?.() ?? false;
const color = (code) => (text) => (hasColors ? `\u001B[${code}m${text}\u001B[0m` : text);
const [dim, green, red, cyan] = [2, 32, 31, 36].map(color);

const MARKS = {
  finished: green("✔"),
  failed: red("✘"),
  stopped: dim("■"),
  interrupted: dim("?"),
};

/** A bar for each task that says how far it has got, and the model's words below them. */
export function createBars() {
  const multi = new MultiBar(
    {
      format: `{mark} {name} ${cyan("{bar}")} {percentage}% ${dim("{status}")}`,
      hideCursor: true,
      // Ctrl-C is main's.
      gracefulExit: false,
      emptyOnZero: true,
      barsize: 24,
      autopadding: true,
    },
    Presets.shades_grey,
  );
  const bars = new Map();
  let words;

  return {
    show(view) {
      for (const task of view.tasks.filter(({ progress }) => progress?.total != null)) {
        const { current, total, status } = task.progress;
        const payload = { mark: MARKS[task.phase] ?? " ", name: task.node, status: status ?? "" };
        if (!bars.has(task.key)) bars.set(task.key, multi.create(total, 0, payload));
        bars.get(task.key).update(current, payload);
      }
      const text = view.messages.map((message) => message.text).join("\n");
      if (text === "") return;
      // The last words, as many as fit on a line.
      const width = Math.max((process.stdout.columns ?? 80) - 4, 10);
      const tail = text.replace(/\s+/g, " ").slice(-width);
      words ??= multi.create(0, 0, { tail }, { format: "  {tail}" });
      words.update(0, { tail });
    },
    close: () => multi.stop(),
  };
}
