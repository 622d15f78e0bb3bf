// Numbers for people: SI suffixes on axes, binary ones for bytes, grouped integers.

const large = ['', 'k', 'M', 'G', 'T', 'P', 'E', 'Z', 'Y'];
const small = ['', 'm', 'µ', 'n', 'p', 'f', 'a', 'z', 'y'];

// Digits are trimmed to those that matter: 1500 -> "1.5k", 0.00025 -> "250µ".
export function siNumber(value: number, digits = 4): string {
  if (!Number.isFinite(value)) return Number.isNaN(value) ? 'NaN' : value > 0 ? '+Inf' : '-Inf';
  if (value === 0) return '0';
  let size = Math.floor(Math.log10(Math.abs(value)) / 3);
  // Rounding may carry into the next unit: 999,999 is 1M, not 1000k.
  if (Math.abs(Number((value / 1000 ** size).toPrecision(digits))) >= 1000) size += 1;
  if (size >= large.length || -size >= small.length) return value.toExponential(2);
  const suffix = size >= 0 ? large[size] : small[-size];
  return Number((value / 1000 ** size).toPrecision(digits)) + suffix;
}

// The ticks of one axis in one unit, that of the largest: 0, 0.5k, 1k, 1.5k.
export function axisNumbers(ticks: number[]): string[] {
  const largest = Math.max(...ticks.map(Math.abs));
  const size = largest >= 0.1 && largest < 1 ? 0 : Math.floor(Math.log10(largest) / 3 + 1e-9);
  if (!Number.isFinite(size) || size >= large.length || -size >= small.length) {
    return ticks.map((tick) => siNumber(tick));
  }
  const suffix = size >= 0 ? large[size] : small[-size];
  return ticks.map((tick) => (tick === 0 ? '0' : Number((tick / 1000 ** size).toPrecision(7)) + suffix));
}

export function byteSize(bytes: number): string {
  const names = ['B', 'KiB', 'MiB', 'GiB', 'TiB', 'PiB'];
  let i = 0;
  let v = bytes;
  while (Math.abs(v) >= 1024 && i < names.length - 1) {
    v /= 1024;
    i += 1;
  }
  return `${i === 0 ? v : v.toFixed(1)} ${names[i]}`;
}

export function grouped(value: number): string {
  return value.toLocaleString('en-US');
}

// "1 series", "12 targets": the plural is given where it is not the singular and an s.
export function counted(count: number, singular: string, plural = `${singular}s`): string {
  return `${grouped(count)} ${count === 1 ? singular : plural}`;
}

// Prometheus' sample text to a number; it writes infinities as +Inf and -Inf.
export function sampleNumber(text: string): number {
  if (text === '+Inf' || text === 'Inf') return Infinity;
  if (text === '-Inf') return -Infinity;
  return text === '' ? NaN : Number(text);
}
