// Cell.GRU, forward, all steps in one kernel: rondo_gru_forward_cluster_C, C = 1 (the block form), 2, 4, 8, 16.
//   n = tanh(W_n x + b_n + r * q)        h' = (1 - z) * n + z * h        r, z and q = U_n h + u_n from one product
//
// Shapes, work and launch: persistent_forward.cuh. Equals GruCell.forward of the oracle with its product by U, for all steps.
#include "persistent_forward.cuh"

RONDO_PERSISTENT_FORWARDS(rondo_gru_forward, rondo::PersistentGru)
