/** Parts of addresses that many have: they say nothing about who is meant. */
export const GENERIC = new Set(
  "www http https com org net mail gmail google email yahoo outlook hotmail info test example user name website site page".split(
    " ",
  ),
);
/** Where anybody has a mailbox: sharing the domain says nothing. */
export const FREE_MAIL = new Set(
  (
    "gmail.com googlemail.com outlook.com hotmail.com live.com yahoo.com icloud.com me.com aol.com gmx.de gmx.net web.de " +
    "proton.me protonmail.com mail.com yandex.com qq.com 163.com"
  ).split(" "),
);
