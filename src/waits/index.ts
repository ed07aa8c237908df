export { startWaits } from "./start-waits.ts";
