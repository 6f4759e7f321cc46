// A network between the tablet and the server that a test can take away: HTTP and UDP.
import { createSocket } from "node:dgram";
import { once } from "node:events";

/**
 * Leads the page's video through a relay, and its requests past a switch. What the server says of its addresses is changed on the way, so
 * that the browser knows the relay only; the browser's own addresses are taken out, so that the server does.
 */
export async function network(page) {
  let dead = false;
  let to = 0; // the server's port
  const front = createSocket("udp4");
  front.bind(0, "127.0.0.1");
  await once(front, "listening");
  const ways = new Map(); // of each of the browser's ports
  front.on("message", (b, from) => {
    if (dead || to === 0) return;
    let way = ways.get(from.port);
    if (!way) {
      way = createSocket("udp4");
      way.on("message", (b) => !dead && front.send(b, from.port, from.address));
      way.on("error", () => undefined); // the server is gone
      ways.set(from.port, way);
    }
    way.send(b, to, "127.0.0.1");
  });

  const asked = []; // "PATCH 200"
  await page.route("**/api/v1/**", async (route) => {
    if (dead) return route.abort("internetdisconnected");
    const request = route.request();
    if (!request.url().includes("/whip") || !["POST", "PATCH"].includes(request.method())) return route.continue();
    const answer = await route.fetch({ postData: request.postData().replace(/^a=candidate:.*\r\n/gm, "") });
    asked.push(`${request.method()} ${answer.status()}`);
    const body = (await answer.text()).replace(/^a=candidate:.*\r\n/gm, (line) => {
      const [, port] = /^a=candidate:\S+ 1 udp \d+ 127\.0\.0\.1 (\d+) typ host/i.exec(line) ?? [];
      if (!port) return "";
      to = Number(port);
      return line.replace(port, String(front.address().port));
    });
    await route.fulfill({ response: answer, body });
  });

  return {
    asked,
    async set(alive) {
      dead = !alive;
      await page.context().setOffline(dead);
    },
    close() {
      front.close();
      for (const way of ways.values()) way.close();
    },
  };
}
