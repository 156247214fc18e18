package dev.rondo.bench.translate;

import dev.rondo.bench.cli.ExitStatus;
import java.util.concurrent.Callable;
import picocli.CommandLine.Command;
import picocli.CommandLine.Model.CommandSpec;
import picocli.CommandLine.Spec;

/** {@code rondo translate}: its parts are the commands {@code train} and {@code run}. */
@Command(
        name = "translate",
        description = "Learns to translate sentences with an encoder-decoder, and translates.",
        mixinStandardHelpOptions = true,
        subcommands = {TranslateTrainCommand.class, TranslateRunCommand.class})
public final class TranslateCommand implements Callable<Integer> {
    @Spec
    private CommandSpec commandSpec;

    @Override
    public Integer call() {
        commandSpec.commandLine().usage(commandSpec.commandLine().getErr());
        return ExitStatus.WRONG_CALL;
    }
}
