// Numbers, plural forms, dates and ages in the language of the interface. The build adds this module to the script of
// the blog's WebAssembly.

const { lang } = document.body.lang ? document.body : document.documentElement;
const UTC = { calendar: "gregory", timeZone: "UTC" };
const numbers = new Intl.NumberFormat(lang);
const plurals = new Intl.PluralRules(lang);
const dates = new Intl.DateTimeFormat(lang, { ...UTC, dateStyle: "long" });
const times = new Intl.DateTimeFormat(lang, { ...UTC, dateStyle: "long", timeStyle: "short" });
const ages = new Intl.RelativeTimeFormat(lang);
const DAY = 864e5;
const UNITS = [
  ["day", DAY],
  ["hour", 36e5],
  ["minute", 6e4],
];

export const formatNumber = (number) => numbers.format(number);

// Returns the plural form for the number that the element has.
export const pluralForm = ({ dataset }, number) =>
  (dataset[plurals.select(number)] ?? dataset.other ?? "").replace("#", formatNumber(number));

export const formatTime = (millis) => times.format(millis) + " UTC";

export const isoTime = (millis) => new Date(millis).toISOString();

// Returns the age, or for more than 30 days the date.
export const formatAge = (millis) => {
  const age = Date.now() - millis;
  if (age >= 30 * DAY) return dates.format(millis);
  for (const [unit, length] of UNITS) if (age >= length) return ages.format(-Math.floor(age / length), unit);
  return new Intl.RelativeTimeFormat(lang, { numeric: "auto" }).format(0, "second");
};
