/** "1 fill", "2 fills"; `many` for words whose plural is another, such as "order is". */
export function counted(count: number | bigint, one: string, many = `${one}s`): string {
  return `${count} ${Number(count) === 1 ? one : many}`;
}
