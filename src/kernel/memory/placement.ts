/** How the host picks system physical pages: one name each, with a line for `--help`. */
export const PLACEMENTS = [
  { name: 'lowest', description: 'address-ordered first fit: the lowest free folio, whoever asks, whatever the node' },
  { name: 'buddy', description: "Linux's buddy allocator, per NUMA node, with its LIFO free lists and page mobility types" },
  { name: 'hugetlb', description: 'a boot-time pool of 1 GiB pages, per NUMA node, last freed first; guests round up to 1 GiB' },
  { name: 'opposite-ends', description: 'ordinary guests from the bottom of memory up, SNP guests from its top down' },
  { name: 'numa-local', description: 'all of a guest on one node, lowest first in it; spills over when the node is full' },
] as const

export type Placement = (typeof PLACEMENTS)[number]['name']

/** What a guest's memory is made of. The sizes are those of `AMD64`; another geometry scales them. */
export const BACKINGS = [
  { name: '4k', description: '4 KiB RMP entries; memory still comes in whole 2 MiB blocks' },
  { name: '2m', description: '2 MiB huge pages' },
  { name: '1g', description: '1 GiB pages; memory is rounded up to 1 GiB' },
] as const

export type Backing = (typeof BACKINGS)[number]['name']
