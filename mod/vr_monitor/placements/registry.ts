/** Every placement of VRIs on cores by its name. */
export { sibling } from "./sibling.ts"; // add yours here
