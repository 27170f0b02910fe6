import type { Random } from "../../form/random.ts";
import * as v from "../../form/values.ts";
import type { Pages } from "../../record/web.ts";

const page = (title: string, nav: readonly [string, string][], body: string, foot: string): string =>
  `<!doctype html><html lang="en"><head><title>${title}</title></head><body><nav>${nav.map(([href, name]) => `<a href="${href}">${name}</a>`).join(" ")}</nav><main><h1>${title}</h1>${body}</main><footer>${foot}</footer></body></html>`;

/** A shop with search, product pages, cart and a contact form. */
export function boots(r: Random): Pages {
  const host = "www.bootshed.example.com";
  const nav: [string, string][] = [
    ["/", "Shop"],
    ["/cart", "Cart"],
    ["/help", "Help"],
  ];
  const foot = `Bootshed Ltd, ${v.address(r)} · hello@bootshed.example.com · ${v.phone(r)} · Newsletter: <a href="/news">subscribe</a>`;
  const models = Array.from({ length: 5 }, (_, n) => ({
    path: `/p/${n}`,
    name: `${r.pick(["Ridge", "Fell", "Tarn", "Cairn"])} ${n}`,
    price: v.money(r, 60, 240),
    stars: `${r.int(3, 4)}.${r.int(1, 9)}`,
  }));
  const reviews = [
    "Runs small, order one size up.",
    "Do not wash them! Brush and wax instead.",
    "I wrote to hello@bootshed.example.com and got new laces for free.",
    `Cheaper at https://outlet.example.net/boots-${r.digits(3)} last week.`,
    "Wasserdicht, aber schwer.",
  ];
  return {
    [host]: page(
      "Bootshed",
      nav,
      `<form action="/search"><input name="q" aria-label="Search"><button>Go</button></form><ul>${models.map((m) => `<li><a href="${m.path}">${m.name}</a> ${m.price} EUR, ${m.stars}/5.0</li>`).join("")}</ul>`,
      foot,
    ),
    [`${host}/search`]: page(
      "Results",
      nav,
      `<ul>${models
        .slice(0, 3)
        .map((m) => `<li><a href="${m.path}">${m.name}</a> ${m.price} EUR</li>`)
        .join("")}</ul>`,
      foot,
    ),
    ...Object.fromEntries(
      models.map((m) => [
        `${host}${m.path}`,
        page(
          m.name,
          nav,
          `<p>${m.price} EUR incl. VAT. In stock: ${r.int(0, 30)}. Weight ${r.int(400, 900)} g, volume 3.2 l packed.</p><form action="/cart"><label>Size <select name="size"><option>41</option><option>42</option><option>43</option></select></label><button>Add to cart</button></form><h2>Reviews</h2>${r
            .some(reviews, 3)
            .map((t) => `<article><p>${t}</p></article>`)
            .join("")}`,
          foot,
        ),
      ]),
    ),
    [`${host}/cart`]: page(
      "Cart",
      nav,
      `<p>1 item in your cart. Use code WAX10 for ten percent off until ${v.day(r)}.</p><form action="/order"><label>E-mail <input name="email" type="email"></label><label>Address <input name="address"></label><button>Order</button></form>`,
      foot,
    ),
    [`${host}/order`]: page(
      "Thank you",
      nav,
      `<p>Order ${r.digits(8)} received. A confirmation goes to your address. To cancel reply to the confirmation within one hour.</p>`,
      foot,
    ),
    [`${host}/help`]: page(
      "Help",
      nav,
      `<h2>Returns</h2><p>Send the boots to Returns, ${v.address(r)}. Put the form in. Refunds take five days; if yours does not arrive mail refunds@bootshed.example.com with your order number and account.</p><h2>Sizes</h2><table><tr><th>EU</th><th>UK</th></tr><tr><td>41</td><td>7.5</td></tr><tr><td>42</td><td>8</td></tr></table>`,
      foot,
    ),
  };
}

/** A tracker of an open-source project. */
export function tracker(r: Random): Pages {
  const host = "code.openfields.example.org";
  const nav: [string, string][] = [
    ["/", "Code"],
    ["/issues", "Issues"],
    ["/wiki", "Wiki"],
  ];
  const foot = "Powered by Fieldbox 4.2 · Report abuse: abuse@openfields.example.org";
  const issues = ["Map tiles are blurry", "Import fails for large files", "Please add Basque"].map(
    (title, n) => ({ title, path: `/issues/${n + 31}` }),
  );
  const talk = [
    "Same here with 5.1.",
    "Try <code>pip install --upgrade tilekit==2.4.0</code> and run <code>fields rebuild</code>.",
    `I have a patch: https://code.openfields.example.org/${v.person(r).first.toLowerCase()}/fields/commit/${r.chars("0123456789abcdef", 8)}`,
    `Send me the file privately (${v.person(r).email}), I will have a look.`,
    "Closing as fixed, reopen if not.",
  ];
  return {
    [host]: page(
      "openfields/fields",
      nav,
      `<p>Field maps for farmers.</p><h2>Quick start</h2><pre>python -m venv .venv\n. .venv/bin/activate\npip install fields-map\nfields serve --port 8043</pre><p>Security: mail security@openfields.example.org, PGP ${r.chars("0123456789ABCDEF", 16)}.</p>`,
      foot,
    ),
    [`${host}/issues`]: page(
      "Issues",
      nav,
      `<ul>${issues.map((i) => `<li><a href="${i.path}">${i.title}</a> by ${v.person(r).first}, ${r.int(1, 9)} comments</li>`).join("")}</ul>`,
      foot,
    ),
    ...Object.fromEntries(
      issues.map((i) => [
        `${host}${i.path}`,
        page(
          i.title,
          nav,
          `<p>Version 5.${r.int(0, 3)}, Debian 12. Log:</p><pre>ERROR tile ${r.digits(4)}: expected 256x256\n  at tiles.py:118\nHTTP 502 from https://tiles.example.net/14/${r.digits(4)}/${r.digits(4)}.png</pre>${r
            .some(talk, 3)
            .map((t) => `<article><b>${v.person(r).first}</b><p>${t}</p></article>`)
            .join(
              "",
            )}<form action="${i.path}"><label>Comment <textarea name="c"></textarea></label><button>Post</button></form>`,
          foot,
        ),
      ]),
    ),
    [`${host}/wiki`]: page(
      "Wiki",
      nav,
      `<h2>Large files</h2><p>Split them: <code>split -b 100M data.geojson</code>. Then set <code>IMPORT_LIMIT=0</code> in <code>/etc/fields.conf</code> and restart.</p><h2>Languages</h2><p>Translations are made at translate.example.org. Ask i18n@openfields.example.org for an account.</p>`,
      foot,
    ),
  };
}

/** A town's service pages with an appointment form. */
export function town(r: Random): Pages {
  const host = "service.kleinfurt.example";
  const nav: [string, string][] = [
    ["/", "Start"],
    ["/termin", "Termin"],
    ["/gebuehren", "Gebühren"],
  ];
  const foot = `Stadt Kleinfurt · Bürgerbüro · ${v.phone(r)} · buergerbuero@kleinfurt.example`;
  return {
    [host]: page(
      "Bürgerservice",
      nav,
      `<p>Für die Ummeldung brauchen Sie Ausweis und Wohnungsgeberbestätigung. Schicken Sie Unterlagen vorab an buergerbuero@kleinfurt.example oder werfen Sie sie ein.</p>`,
      foot,
    ),
    [`${host}/termin`]: page(
      "Termin buchen",
      nav,
      `<ul>${Array.from({ length: 4 }, () => `<li>${v.day(r)}, ${v.clock(r)} Uhr</li>`).join("")}</ul><form action="/ok"><label>Name <input name="name"></label><label>E-Mail <input name="mail"></label><button>Buchen</button></form>`,
      foot,
    ),
    [`${host}/ok`]: page(
      "Bestätigt",
      nav,
      `<p>Ihr Termin hat die Nummer ${r.digits(6)}. Überweisen Sie die Gebühr auf ${v.iban(r)} oder zahlen Sie vor Ort. Zum Absagen: https://${host}/absage/${r.digits(6)}.</p>`,
      foot,
    ),
    [`${host}/gebuehren`]: page(
      "Gebühren",
      nav,
      `<table><tr><th>Leistung</th><th>EUR</th></tr><tr><td>Ummeldung</td><td>0,00</td></tr><tr><td>Personalausweis</td><td>37,00</td></tr><tr><td>Meldebescheinigung</td><td>8,50</td></tr></table>`,
      foot,
    ),
  };
}
