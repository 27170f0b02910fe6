import { MemoryStorage } from "./memory-storage.ts";
import { storageContract } from "./storage-contract.ts";

storageContract("memory", {
  place: async () => {
    const storage = new MemoryStorage();
    return { open: () => storage, done: async () => storage.files.clear() };
  },
});
