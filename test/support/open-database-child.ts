import { openDatabase } from "../../src/db/open-database.ts";

const database = await openDatabase({ dataFolder: process.argv[2] });
process.send!({ url: database.url });
process.once("message", () => void database.close().then(() => process.disconnect()));
