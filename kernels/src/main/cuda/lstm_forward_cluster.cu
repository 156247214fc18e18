// Cell.LSTM, forward, all steps in one kernel: rondo_lstm_forward_cluster_C, C = 1 (the block form), 2, 4, 8, 16.
//   c' = f * c + i * g        h' = o * tanh(c')        gates i, f, g, o from W x + b + U h + u
//
// Shapes, work and launch: persistent_forward.cuh. Equals LstmCell.forward of the oracle with its product by U, for all steps.
#include "persistent_forward.cuh"

RONDO_PERSISTENT_FORWARDS(rondo_lstm_forward, rondo::PersistentLstm)
