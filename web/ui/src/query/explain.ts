// The plan of a query with what each operator cost, as rows of a table.

import type { PlanNode } from '../api/types';

export interface PlanRow {
  node: PlanNode;
  depth: number;
  last: boolean; // of its parent's children
  trunk: boolean[]; // by depth: whether a line of an ancestor goes on below
  share: number; // of the time of all
}

export function planRows(root: PlanNode): PlanRow[] {
  const rows: PlanRow[] = [];
  const visit = (node: PlanNode, depth: number, last: boolean, trunk: boolean[]) => {
    rows.push({ node, depth, last, trunk, share: 0 });
    const children = node.children ?? [];
    children.forEach((child, i) => visit(child, depth + 1, i === children.length - 1, [...trunk, !last]));
  };
  visit(root, 0, true, []);
  const total = rows.reduce((sum, { node }) => sum + node.seconds, 0);
  return rows.map((row) => ({ ...row, share: total > 0 ? row.node.seconds / total : 0 }));
}
