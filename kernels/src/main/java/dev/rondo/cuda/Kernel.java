package dev.rondo.cuda;

import java.util.Locale;

/**
 * The table of the kernels: for each symbol its source file and the types of its parameters. Launch arguments are checked
 * against it, since the driver is told neither their number nor their types. A test holds the table against the sources.
 *
 * <p>Types: {@code p} pointer, {@code l} 64-bit integer, {@code i} 32-bit integer, {@code f} float32.
 */
enum Kernel {
    ATTENTION_FORWARD("attention", "pppppiiiiipp"),
    ATTENTION_BACKWARD_QUERIES("attention", "pppppppiiiiippp"),
    ATTENTION_BACKWARD_KEYS("attention", "pppppppiiiiipp"),
    TOP_K("choice", "piiipp"),
    SAMPLE("choice", "piifipp"),
    COLUMN_SUMS("column_sums", "piliip"),
    COLUMN_SUMS_FINISH("column_sums", "piip"),
    COPY_COLUMNS("columns", "piipiiii"),
    SUM_COLUMNS("columns", "piipiiii"),
    DROPOUT("dropout", "plplif"),
    ACTIVATE("elements", "ippl"),
    ACTIVATE_BACKWARD("elements", "ipppl"),
    ADD_SCALED("elements", "fppl"),
    MULTIPLY("elements", "pppli"),
    GATHER_ROWS("embedding", "piipiipii"),
    SCATTER_ADD_ROWS("embedding", "pipiiipll"),
    GAUSSIAN_FORWARD("gaussian", "ppppl"),
    GAUSSIAN_BACKWARD("gaussian", "pppppl"),
    GAUSSIAN_DIVERGENCE("gaussian", "pppppilfppppp"),
    GAUSSIAN_LOSS("gaussian", "ppppilfppp"),
    GAUSSIAN_FINISH("gaussian", "pifp"),
    GRU_BACKWARD("gru_backward", "ppppipiiiii"),
    GRU_FORWARD("gru_forward", "ppppiii"),
    GRU_RESET_BEFORE_BACKWARD("gru_reset_before_backward", "ppppipiiiii"),
    GRU_RESET_BEFORE_BACKWARD_RESET("gru_reset_before_backward", "pppppiii"),
    GRU_RESET_BEFORE_FORWARD_RESET("gru_reset_before_forward", "ppppiii"),
    GRU_RESET_BEFORE_FORWARD("gru_reset_before_forward", "ppppiii"),
    LAYER_NORM_FORWARD("layer_norm", "pppiifpp"),
    LAYER_NORM_BACKWARD("layer_norm", "ppppiip"),
    LAYER_NORM_WEIGHT_SUMS("layer_norm", "pppliipp"),
    LSTM_BACKWARD("lstm_backward", "ppppppipiiiii"),
    LSTM_FORWARD("lstm_forward", "ppppppiii"),
    MEAN_SQUARED_ERROR("mean_squared_error", "pppillpp"),
    MEAN_SQUARED_ERROR_FINISH("mean_squared_error", "pilp"),
    NORM_SQUARES("norm", "plp"),
    NORM_FINISH("norm", "pifpp"),
    NORM_SCALE("norm", "plp"),
    CLIP_BY_VALUE("optimizers", "plf"),
    SGD("optimizers", "pplf"),
    SGD_MOMENTUM("optimizers", "ppplff"),
    RMSPROP("optimizers", "ppplffff"),
    ADAM("optimizers", "pppplfffffff"),
    POOL_FORWARD("pooling", "ippiiip"),
    POOL_BACKWARD("pooling", "ippppiiip"),
    PRODUCT_NT("product", "plplpliiiiil"),
    PRODUCT_NN("product", "plplpliiiiil"),
    PRODUCT_TN("product", "plplpliiiiil"),
    PRODUCT_SUM_PARTS("product", "piiipli"),
    PRODUCT_BF16_NT("product_bf16", "plplpliiiiil"),
    PRODUCT_BF16_NN("product_bf16", "plplpliiiiil"),
    PRODUCT_BF16_TN("product_bf16", "plplpliiiiil"),
    PRODUCT_FEW_ROWS_NT("product_few_rows", "plplpliiii"),
    PRODUCT_FEW_ROWS_NN("product_few_rows", "plplpliiii"),
    PRODUCT_TF32_NT("product_tf32", "plplpliiiiil"),
    PRODUCT_TF32_NN("product_tf32", "plplpliiiiil"),
    PRODUCT_TF32_TN("product_tf32", "plplpliiiiil"),
    PRODUCT_3XTF32_NT("product_tf32", "plplpliiiiil"),
    PRODUCT_3XTF32_NN("product_tf32", "plplpliiiiil"),
    PRODUCT_3XTF32_TN("product_tf32", "plplpliiiiil"),
    RNN_TANH_BACKWARD("rnn_backward", "ppppipiiiii"),
    RNN_RELU_BACKWARD("rnn_backward", "ppppipiiiii"),
    RNN_TANH_FORWARD("rnn_forward", "ppppiii"),
    RNN_RELU_FORWARD("rnn_forward", "ppppiii"),
    ROWS_TO_STEPS("rows", "pipiiiip"),
    ROWS_TO_TIME("rows", "ppiiiipii"),
    ROWS_PAST_LENGTHS("rows", "pppiii"),
    INDICES_TO_STEPS("rows", "ppiiiip"),
    FILL_ROWS("rows", "pilipp"),
    SCATTER_ROWS("rows", "ppiiip"),
    SOFTMAX_CROSS_ENTROPY_COUNT("softmax_cross_entropy", "piip"),
    SOFTMAX_CROSS_ENTROPY("softmax_cross_entropy", "ppiippp"),
    SOFTMAX_CROSS_ENTROPY_FINISH("softmax_cross_entropy", "pipp"),
    TRANSPOSE("transpose", "piip"),
    LSTM_FORWARD_CLUSTER_1("lstm_forward_cluster", "pppppiiii"),
    LSTM_FORWARD_CLUSTER_2("lstm_forward_cluster", "pppppiiii"),
    LSTM_FORWARD_CLUSTER_4("lstm_forward_cluster", "pppppiiii"),
    LSTM_FORWARD_CLUSTER_8("lstm_forward_cluster", "pppppiiii"),
    LSTM_FORWARD_CLUSTER_16("lstm_forward_cluster", "pppppiiii"),
    LSTM_BACKWARD_CLUSTER_1("lstm_backward_cluster", "pppppppipiiiii"),
    LSTM_BACKWARD_CLUSTER_2("lstm_backward_cluster", "pppppppipiiiii"),
    LSTM_BACKWARD_CLUSTER_4("lstm_backward_cluster", "pppppppipiiiii"),
    LSTM_BACKWARD_CLUSTER_8("lstm_backward_cluster", "pppppppipiiiii"),
    LSTM_BACKWARD_CLUSTER_16("lstm_backward_cluster", "pppppppipiiiii"),
    GRU_FORWARD_CLUSTER_1("gru_forward_cluster", "pppppiiii"),
    GRU_FORWARD_CLUSTER_2("gru_forward_cluster", "pppppiiii"),
    GRU_FORWARD_CLUSTER_4("gru_forward_cluster", "pppppiiii"),
    GRU_FORWARD_CLUSTER_8("gru_forward_cluster", "pppppiiii"),
    GRU_FORWARD_CLUSTER_16("gru_forward_cluster", "pppppiiii"),
    GRU_BACKWARD_CLUSTER_1("gru_backward_cluster", "pppppppipiiiii"),
    GRU_BACKWARD_CLUSTER_2("gru_backward_cluster", "pppppppipiiiii"),
    GRU_BACKWARD_CLUSTER_4("gru_backward_cluster", "pppppppipiiiii"),
    GRU_BACKWARD_CLUSTER_8("gru_backward_cluster", "pppppppipiiiii"),
    GRU_BACKWARD_CLUSTER_16("gru_backward_cluster", "pppppppipiiiii"),
    RNN_TANH_FORWARD_CLUSTER_1("rnn_forward_cluster", "pppppiiii"),
    RNN_TANH_FORWARD_CLUSTER_2("rnn_forward_cluster", "pppppiiii"),
    RNN_TANH_FORWARD_CLUSTER_4("rnn_forward_cluster", "pppppiiii"),
    RNN_TANH_FORWARD_CLUSTER_8("rnn_forward_cluster", "pppppiiii"),
    RNN_TANH_FORWARD_CLUSTER_16("rnn_forward_cluster", "pppppiiii"),
    RNN_RELU_FORWARD_CLUSTER_1("rnn_forward_cluster", "pppppiiii"),
    RNN_RELU_FORWARD_CLUSTER_2("rnn_forward_cluster", "pppppiiii"),
    RNN_RELU_FORWARD_CLUSTER_4("rnn_forward_cluster", "pppppiiii"),
    RNN_RELU_FORWARD_CLUSTER_8("rnn_forward_cluster", "pppppiiii"),
    RNN_RELU_FORWARD_CLUSTER_16("rnn_forward_cluster", "pppppiiii"),
    RNN_TANH_BACKWARD_CLUSTER_1("rnn_backward_cluster", "pppppppipiiiii"),
    RNN_TANH_BACKWARD_CLUSTER_2("rnn_backward_cluster", "pppppppipiiiii"),
    RNN_TANH_BACKWARD_CLUSTER_4("rnn_backward_cluster", "pppppppipiiiii"),
    RNN_TANH_BACKWARD_CLUSTER_8("rnn_backward_cluster", "pppppppipiiiii"),
    RNN_TANH_BACKWARD_CLUSTER_16("rnn_backward_cluster", "pppppppipiiiii"),
    RNN_RELU_BACKWARD_CLUSTER_1("rnn_backward_cluster", "pppppppipiiiii"),
    RNN_RELU_BACKWARD_CLUSTER_2("rnn_backward_cluster", "pppppppipiiiii"),
    RNN_RELU_BACKWARD_CLUSTER_4("rnn_backward_cluster", "pppppppipiiiii"),
    RNN_RELU_BACKWARD_CLUSTER_8("rnn_backward_cluster", "pppppppipiiiii"),
    RNN_RELU_BACKWARD_CLUSTER_16("rnn_backward_cluster", "pppppppipiiiii"),
    PERSISTENT_GRID_LSTM_FORWARD_ROW("persistent_grid_lstm", "pppppiii"),
    PERSISTENT_GRID_LSTM_FORWARD_ROWS4("persistent_grid_lstm", "pppppiii"),
    PERSISTENT_GRID_LSTM_FORWARD_ROWS8("persistent_grid_lstm", "pppppiii"),
    PERSISTENT_GRID_LSTM_FORWARD_UNALIGNED("persistent_grid_lstm", "pppppiii"),
    PERSISTENT_GRID_LSTM_BACKWARD_ROW("persistent_grid_lstm", "ppppppipipiiii"),
    PERSISTENT_GRID_LSTM_BACKWARD_ROWS4("persistent_grid_lstm", "ppppppipipiiii"),
    PERSISTENT_GRID_LSTM_BACKWARD_ROWS8("persistent_grid_lstm", "ppppppipipiiii"),
    PERSISTENT_GRID_GRU_FORWARD_ROW("persistent_grid_gru", "ppppiii"),
    PERSISTENT_GRID_GRU_FORWARD_ROWS4("persistent_grid_gru", "ppppiii"),
    PERSISTENT_GRID_GRU_FORWARD_ROWS8("persistent_grid_gru", "ppppiii"),
    PERSISTENT_GRID_GRU_FORWARD_UNALIGNED("persistent_grid_gru", "ppppiii"),
    PERSISTENT_GRID_GRU_BACKWARD_ROW("persistent_grid_gru", "pppppipipiiii"),
    PERSISTENT_GRID_GRU_BACKWARD_ROWS4("persistent_grid_gru", "pppppipipiiii"),
    PERSISTENT_GRID_GRU_BACKWARD_ROWS8("persistent_grid_gru", "pppppipipiiii"),
    PERSISTENT_GRID_GRU_BACKWARD_UNALIGNED("persistent_grid_gru", "pppppipipiiii"),
    PERSISTENT_GRID_RNN_TANH_FORWARD_ROW("persistent_grid_rnn", "ppppiii"),
    PERSISTENT_GRID_RNN_TANH_FORWARD_ROWS4("persistent_grid_rnn", "ppppiii"),
    PERSISTENT_GRID_RNN_TANH_FORWARD_ROWS8("persistent_grid_rnn", "ppppiii"),
    PERSISTENT_GRID_RNN_TANH_FORWARD_UNALIGNED("persistent_grid_rnn", "ppppiii"),
    PERSISTENT_GRID_RNN_RELU_FORWARD_ROW("persistent_grid_rnn", "ppppiii"),
    PERSISTENT_GRID_RNN_RELU_FORWARD_ROWS4("persistent_grid_rnn", "ppppiii"),
    PERSISTENT_GRID_RNN_RELU_FORWARD_ROWS8("persistent_grid_rnn", "ppppiii"),
    PERSISTENT_GRID_RNN_RELU_FORWARD_UNALIGNED("persistent_grid_rnn", "ppppiii"),
    PERSISTENT_GRID_RNN_TANH_BACKWARD_ROW("persistent_grid_rnn", "pppppipipiiii"),
    PERSISTENT_GRID_RNN_TANH_BACKWARD_ROWS4("persistent_grid_rnn", "pppppipipiiii"),
    PERSISTENT_GRID_RNN_TANH_BACKWARD_ROWS8("persistent_grid_rnn", "pppppipipiiii"),
    PERSISTENT_GRID_RNN_TANH_BACKWARD_UNALIGNED("persistent_grid_rnn", "pppppipipiiii"),
    PERSISTENT_GRID_RNN_RELU_BACKWARD_ROW("persistent_grid_rnn", "pppppipipiiii"),
    PERSISTENT_GRID_RNN_RELU_BACKWARD_ROWS4("persistent_grid_rnn", "pppppipipiiii"),
    PERSISTENT_GRID_RNN_RELU_BACKWARD_ROWS8("persistent_grid_rnn", "pppppipipiiii"),
    PERSISTENT_GRID_RNN_RELU_BACKWARD_UNALIGNED("persistent_grid_rnn", "pppppipipiiii");

    private final String file;
    private final String parameters;

    Kernel(String file, String parameters) {
        this.file = file;
        this.parameters = parameters;
    }

    /** The name in the image: that of the constant, in lower case. */
    String symbol() {
        return "rondo_" + name().toLowerCase(Locale.ROOT);
    }

    /** The source without its ending, and so the name of the images. */
    String file() {
        return file;
    }

    /** The number of parameters. */
    int count() {
        return parameters.length();
    }

    /** The type of a parameter: p, l, i or f. */
    char type(int parameter) {
        return parameters.charAt(parameter);
    }

    /** Where a parameter lies in the argument buffer, in bytes; for {@link #count()} the size of the buffer. */
    int offset(int parameter) {
        int at = 0;
        for (int i = 0; i < parameter; i++) {
            at = aligned(at, i) + size(i);
        }
        return parameter < count() ? aligned(at, parameter) : at;
    }

    private int aligned(int at, int parameter) {
        int size = size(parameter);
        return (at + size - 1) / size * size;
    }

    private int size(int parameter) {
        char type = type(parameter);
        return type == 'p' || type == 'l' ? Long.BYTES : Integer.BYTES;
    }
}
