// Cell.GRU, backwards, all steps in one kernel: rondo_gru_backward_cluster_C, C = 1 (the block form), 2, 4, 8, 16.
//   da of a step as in gru_backward.cu        dh = dh' * z + U^T (da_r, da_z, dq)
//
// Shapes, work and launch: persistent_backward.cuh. Equals GruCell.backward of the oracle with its product by U^T, for all
// steps.
#include "persistent_backward.cuh"

RONDO_PERSISTENT_BACKWARDS(rondo_gru_backward, rondo::PersistentGru)
