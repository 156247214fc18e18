// Cell.LSTM, backwards, all steps in one kernel: rondo_lstm_backward_cluster_C, C = 1 (the block form), 2, 4, 8, 16.
//   da of a step as in lstm_backward.cu        dh = U^T da        dc = dc'' * f
//
// Shapes, work and launch: persistent_backward.cuh. Equals LstmCell.backward of the oracle with its product by U^T, for all
// steps.
#include "persistent_backward.cuh"

RONDO_PERSISTENT_BACKWARDS(rondo_lstm_backward, rondo::PersistentLstm)
