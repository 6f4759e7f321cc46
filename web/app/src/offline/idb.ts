// IndexedDB as promises: just what the offline store needs.

export type StoreName = "signin" | "answers" | "queue" | "queue_keys" | "meta";

const stores: Record<StoreName, IDBObjectStoreParameters> = {
  signin: { keyPath: "slot" }, // one row: whose records are here, and the key to them
  answers: { keyPath: "path" }, // what the server said, sealed
  queue: { keyPath: "seq", autoIncrement: true }, // what waits to be sent, sealed
  queue_keys: { keyPath: "owner" }, // the keys to it, one a person
  meta: { keyPath: "name" }, // nothing personal
};

/** Opens the database, making what it lacks. */
export function openDatabase(name = "wince", factory: IDBFactory = indexedDB): Promise<IDBDatabase> {
  const asked = factory.open(name, 1);
  asked.onupgradeneeded = () => {
    for (const [store, parameters] of Object.entries(stores)) asked.result.createObjectStore(store, parameters);
    asked.transaction?.objectStore("queue").createIndex("id", "id", { unique: true });
  };
  return answer(asked).then((db) => {
    db.onversionchange = () => db.close(); // a newer page in another tab wants to change the stores
    return db;
  });
}

/** Waits for one request. */
export function answer<T>(asked: IDBRequest<T>): Promise<T> {
  return new Promise((resolve, reject) => {
    asked.onsuccess = () => resolve(asked.result);
    asked.onerror = () => reject(asked.error ?? new Error("IndexedDB failed"));
  });
}

/** Does something in one transaction, and is done when that is on the disk; nothing of it happens where it fails. */
export async function within<T>(db: IDBDatabase, names: StoreName[], mode: "readonly" | "readwrite", act: (t: IDBTransaction) => Promise<T>): Promise<T> {
  // Strict: what a carer entered has left the computer's memory before the page says that it is kept.
  const t = db.transaction(names, mode, { durability: mode === "readwrite" ? "strict" : "default" });
  const ended = new Promise<void>((resolve, reject) => {
    t.oncomplete = () => resolve();
    t.onabort = () => reject(t.error ?? new Error("IndexedDB gave the transaction up"));
  });
  ended.catch(() => undefined); // looked at below, or after what act says
  let result: T;
  try {
    result = await act(t);
  } catch (e) {
    try {
      t.abort();
    } catch {
      // it has ended by itself
    }
    throw e;
  }
  await ended;
  return result;
}

/** Reads one row. */
export function read<T>(db: IDBDatabase, name: StoreName, key: IDBValidKey): Promise<T | undefined> {
  return within(db, [name], "readonly", (t) => answer(t.objectStore(name).get(key) as IDBRequest<T | undefined>));
}
