// Cell.RNN_TANH and Cell.RNN_RELU, backwards, all steps in one kernel: rondo_rnn_tanh_backward_cluster_C and
// rondo_rnn_relu_backward_cluster_C, C = 1 (the block form), 2, 4, 8, 16.
//   da = dh' * (1 - h'^2)   or   da = dh' where h' > 0, else 0        dh = U^T da
//
// Shapes, work and launch: persistent_backward.cuh. Equals RnnCell.backward of the oracle with its product by U^T, for all
// steps.
#include "persistent_backward.cuh"

RONDO_PERSISTENT_BACKWARDS(rondo_rnn_tanh_backward, rondo::PersistentRnn<rondo::RnnTanh>)
RONDO_PERSISTENT_BACKWARDS(rondo_rnn_relu_backward, rondo::PersistentRnn<rondo::RnnRelu>)
