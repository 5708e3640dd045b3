import { equal, match, throws } from "node:assert/strict";
import { coresSvg, gridStep } from "./cores_svg.ts";

const row = (t_s: number, vr: string, cores: number) => {
  return { t_s, vr, offered_fps: 60_000 * cores, cores, ideal_cores: cores };
};

Deno.test("coresSvg() draws a panel for each VR and says whose it is", () => {
  const rows = [0, 1, 2].flatMap((t_s) => [row(t_s, "a<b", 1 + t_s), row(t_s, "c", 1)]);
  const svg = coresSvg("Simulated: a & b", rows, 60_000);
  match(svg, /^<svg xmlns=/);
  match(svg, />Simulated: a &amp; b</);
  equal(svg.match(/font-weight="bold">(a&lt;b|c)</g)?.length, 2);
  equal(svg.match(/stroke-dasharray/g)?.length, 2);
  throws(() => coresSvg("nothing", [], 60_000), /two times/);
});

Deno.test("gridStep() cuts a range into round parts", () => {
  const steps = [[24, 12], [1, 4], [7, 6], [600, 12]].map(([all, most]) => gridStep(all!, most!));
  equal(steps.join(" "), "2 0.5 2 50");
});
