// Line colours that people with any colour vision tell apart (after Okabe and Ito, shifted for
// contrast on our backgrounds). When they are used up, dashes tell the next round apart.

const light = ['#0868ac', '#d4570a', '#00836b', '#b03a86', '#8f6a00', '#2a95d0', '#5d646d'];
const dark = ['#58a6ff', '#ff8c42', '#2ec4a0', '#ee8fce', '#f0c544', '#9adcf7', '#b4bac4'];
const dashes: number[][] = [[], [7, 4], [2, 3], [10, 3, 2, 3]];

export interface LineStyle {
  color: string;
  dash: number[];
}

export function lineStyle(index: number, isDark: boolean): LineStyle {
  const colors = isDark ? dark : light;
  return {
    color: colors[index % colors.length],
    dash: dashes[Math.floor(index / colors.length) % dashes.length],
  };
}
