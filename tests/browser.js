// What browser.py asks of a page; each function gives plain values, problems as sentences.

const kinds = 'a[href], button, input, select, textarea, summary, [tabindex="0"]';
const all = selector => [...document.querySelectorAll(selector)];
const beginning = element => element.outerHTML.slice(0, 90);
const shown = element => element.checkVisibility({ visibilityProperty: true });

function called(element) {
  const words = element.getAttribute('aria-labelledby') || element.textContent.trim().replace(/\s+/g, ' ').slice(0, 60);
  return `${element.tagName.toLowerCase()} ${all(kinds).indexOf(element)} ${words}`;
}

// Everything that the keyboard should reach, in the order of the text.
function places() {
  return all(kinds).filter(shown).map(called);
}

// Where the keyboard is; null where it is nowhere.
function focus() {
  const element = document.activeElement;
  if (!element || element === document.body) return null;
  const style = getComputedStyle(element), box = element.getBoundingClientRect(), problems = [];
  if (style.outlineStyle === 'none' || parseFloat(style.outlineWidth) < 2)
    problems.push(`${called(element)}: focus is not shown`);
  if (box.bottom < 0 || box.top > innerHeight || box.right < 0 || box.left > innerWidth)
    problems.push(`${called(element)}: focus is out of sight`);
  return { name: called(element), problems, summary: element.tagName === 'SUMMARY' };
}

function images() {
  return [...document.images].flatMap(image => {
    const name = `image ${(image.getAttribute('src') || '').slice(0, 40)}`, problems = [];
    const given = image.getAttribute('width') / image.getAttribute('height');
    if (!image.complete || !image.naturalWidth) problems.push(`${name} is not there`);
    if (!(image.getAttribute('alt') || '').trim()) problems.push(`${name} has no words`);
    if (!(Math.abs((given * image.naturalHeight) / image.naturalWidth - 1) < 0.02))
      problems.push(`${name} has no size of its own`);
    return problems;
  });
}

function width() {
  const root = document.documentElement, room = root.clientWidth, problems = [];
  if (root.scrollWidth > room) {
    const wide = all('body *').filter(element => element.getBoundingClientRect().right > room + 1);
    problems.push(`the page is ${root.scrollWidth} px wide: ${wide.slice(0, 1).map(beginning)}`);
  }
  for (const element of all('body *')) {
    const spills = element.clientWidth && element.scrollWidth > element.clientWidth + 1;
    if (spills && getComputedStyle(element).overflowX === 'visible')
      problems.push(`text runs out of its box: ${beginning(element)}`);
  }
  if ([root, document.body].some(element => getComputedStyle(element).overflowX !== 'visible'))
    problems.push('what is too wide for the page is cut off');
  return problems;
}

function colour(text) {
  const found = text.match(/^rgba?\(([\d.]+), ([\d.]+), ([\d.]+)(?:, ([\d.]+))?\)$/);
  if (!found) throw new Error(`no colour is read from ${text}`);
  return [...found.slice(1, 4).map(Number), found[4] === undefined ? 1 : Number(found[4])];
}

const over = ([r, g, b, a], under) => [r, g, b].map((value, at) => value * a + under[at] * (1 - a));

// What lies behind an element's text; behind everything is the browser's own ground.
function ground(element) {
  if (element) return over(colour(getComputedStyle(element).backgroundColor), ground(element.parentElement));
  const dark = matchMedia('(prefers-color-scheme: dark)').matches;
  return dark && getComputedStyle(document.documentElement).colorScheme.includes('dark') ? [18, 18, 18] : [255, 255, 255];
}

function luminance(rgb) {
  const linear = rgb.map(v => v / 255).map(v => (v <= 0.04045 ? v / 12.92 : ((v + 0.055) / 1.055) ** 2.4));
  return 0.2126 * linear[0] + 0.7152 * linear[1] + 0.0722 * linear[2];
}

// Text whose contrast is under 4.5, also in what is folded away.
function contrast() {
  all('details').forEach(details => (details.open = true));
  const problems = new Set(), texts = document.createTreeWalker(document.body, NodeFilter.SHOW_TEXT);
  while (texts.nextNode()) {
    const element = texts.currentNode.parentElement;
    if (!texts.currentNode.data.trim() || !shown(element)) continue;
    const under = ground(element), style = getComputedStyle(element);
    const [low, high] = [under, over(colour(style.color), under)].map(luminance).sort((a, b) => a - b);
    const ratio = (high + 0.05) / (low + 0.05);
    if (ratio < 4.5) problems.add(`contrast ${ratio.toFixed(2)}: ${element.tagName}.${element.className}`);
    if (style.opacity < 1) problems.add(`opacity: ${element.tagName}.${element.className}`);
  }
  return [...problems];
}
