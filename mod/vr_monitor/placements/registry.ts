/** Every placement of VRIs on cores by its name. */
export { sibling } from "./sibling.ts";
export { non_sibling } from "./non_sibling.ts";
export { default } from "./default.ts";
export { same } from "./same.ts"; // add yours here
