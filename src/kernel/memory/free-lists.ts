/**
 * Doubly linked lists over the numbers 0 .. slots − 1, each in one list at most. One typed array holds all of it: no
 * object a member, and leaving a list from its middle costs no more than from its head. Each list is a ring through a
 * sentinel of its own, which sits behind the slots.
 */
export class FreeLists {
  /** Of slot s: [2s] the next one, [2s + 1] the previous one; side by side, because both are wanted together. */
  private readonly links: Int32Array
  private readonly slots: number

  constructor(slots: number, lists: number) {
    this.slots = slots
    this.links = new Int32Array(2 * (slots + lists))
    for (let ring = slots; ring < slots + lists; ring++) this.join(ring, ring)
  }

  /** The member at the head of a list, −1 if it is empty. */
  head(list: number): number {
    const slot = this.links[2 * (this.slots + list)]
    return slot < this.slots ? slot : -1
  }

  addHead(list: number, slot: number): void {
    const ring = this.slots + list
    const after = this.links[2 * ring]
    this.join(ring, slot)
    this.join(slot, after)
  }

  addTail(list: number, slot: number): void {
    const ring = this.slots + list
    const before = this.links[2 * ring + 1]
    this.join(before, slot)
    this.join(slot, ring)
  }

  /** Takes a member out of the list it is in. */
  remove(slot: number): void {
    this.join(this.links[2 * slot + 1], this.links[2 * slot])
  }

  private join(before: number, after: number): void {
    this.links[2 * before] = after
    this.links[2 * after + 1] = before
  }
}
