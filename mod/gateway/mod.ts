/** The gateway: one run of lvrm. */
export { runGateway } from "./run.ts";
