/**
 * RMPOPT without the hardware: simulate a fleet of VMs on hosts with SEV-SNP and see what a policy of re-optimisation
 * costs and brings.
 */
export * from './lab/index.ts'
