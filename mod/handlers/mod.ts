/** Handlers of VRs: named texts that are read and written while a VR runs. */
export { Calls } from "./calls.ts";
export type { Callee } from "./calls.ts";
export { Handlers } from "./handlers.ts";
export type { HandlersGround, Member, Question } from "./handlers.ts";
export { merge, sum } from "./merge.ts";
export type { Answer, VriAnswer } from "./merge.ts";
export { requestBytes } from "./message.ts";
export type { Said } from "./message.ts";
