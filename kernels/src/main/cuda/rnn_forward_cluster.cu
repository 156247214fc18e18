// Cell.RNN_TANH and Cell.RNN_RELU, forward, all steps in one kernel: rondo_rnn_tanh_forward_cluster_C and
// rondo_rnn_relu_forward_cluster_C, C = 1 (the block form), 2, 4, 8, 16.
//   h' = tanh(a)   or   h' = max(0, a)        a = W x + b + U h + u
//
// Shapes, work and launch: persistent_forward.cuh. Equals RnnCell.forward of the oracle with its product by U, for all steps.
#include "persistent_forward.cuh"

RONDO_PERSISTENT_FORWARDS(rondo_rnn_tanh_forward, rondo::PersistentRnn<rondo::RnnTanh>)
RONDO_PERSISTENT_FORWARDS(rondo_rnn_relu_forward, rondo::PersistentRnn<rondo::RnnRelu>)
