export * from './geometry.ts'
export * from './units.ts'
