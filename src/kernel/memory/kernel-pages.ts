import { assert, type Geometry, type HugeIndex, type Pfn } from '../../arch/index.ts'
import { Bitmap } from './bitmap.ts'
import type { NodePools } from './node-pools.ts'
import type { Taker } from './pool.ts'

/**
 * Unmovable kernel pages, carved out of huge pages that hold nothing else. A page comes from the huge page that gained room
 * last, as the head of a free list would, and is the lowest free one in it. [A] A new huge page comes from the node with most
 * free memory [A]: who asks does not say where it runs. A huge page all of whose pages are free goes back.
 */
export class KernelPages {
  /** Free pages in the huge pages held here. */
  free = 0
  private readonly hugePages: number
  private readonly pools: NodePools
  private readonly taker: Taker
  private readonly blocks = new Map<HugeIndex, Block>()
  /** Blocks with a free page; the one that gained room last is at the end. */
  private readonly roomy: Block[] = []

  constructor({ hugePages }: Geometry, pools: NodePools, taker: Taker) {
    this.hugePages = hugePages
    this.pools = pools
    this.taker = taker
  }

  allocate(): Pfn | undefined {
    const block = this.roomy.at(-1) ?? this.newBlock()
    if (!block) return undefined
    const page = block.free.lowest(0)
    block.free.delete(page)
    block.used++
    this.free--
    if (block.used === this.hugePages) this.roomy.pop()
    return block.huge * this.hugePages + page
  }

  /** Takes a page back. False: it is not one of these. */
  release(pfn: Pfn): boolean {
    const block = this.blocks.get(Math.floor(pfn / this.hugePages))
    const page = pfn % this.hugePages
    if (!block || block.free.has(page)) return false
    if (block.used === this.hugePages) this.roomy.push(block)
    block.free.add(page)
    block.used--
    this.free++
    if (block.used === 0) this.dropBlock(block)
    return true
  }

  private newBlock(): Block | undefined {
    if (this.pools.free === 0) return undefined
    const block = { huge: this.pools.inOrder()[0].take(this.taker), used: 0, free: new Bitmap(this.hugePages) }
    block.free.addRange(0, this.hugePages)
    this.blocks.set(block.huge, block)
    this.roomy.push(block)
    this.free += this.hugePages
    return block
  }

  private dropBlock(block: Block): void {
    const place = this.roomy.indexOf(block)
    assert(place >= 0, 'an empty block has room')
    this.roomy.splice(place, 1)
    this.blocks.delete(block.huge)
    this.free -= this.hugePages
    this.pools.give(block.huge, block.huge + 1)
  }
}

/** A huge page that holds kernel pages. */
interface Block {
  readonly huge: HugeIndex
  /** Pages in use. */
  used: number
  /** Pages not in use. */
  readonly free: Bitmap
}
