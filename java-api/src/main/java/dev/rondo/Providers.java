package dev.rondo;

import dev.rondo.internal.Arguments;
import dev.rondo.spi.BackendProvider;
import java.util.ArrayList;
import java.util.Comparator;
import java.util.HashSet;
import java.util.Iterator;
import java.util.LinkedHashSet;
import java.util.List;
import java.util.Optional;
import java.util.ServiceConfigurationError;
import java.util.ServiceLoader;
import java.util.Set;
import java.util.concurrent.ConcurrentHashMap;
import org.jspecify.annotations.Nullable;

/** Finds the providers of backends and chooses among them. */
final class Providers {
    private static final System.Logger LOG = System.getLogger("dev.rondo");
    private static final Set<String> SAID = ConcurrentHashMap.newKeySet();

    /** A loader that fails again and again is asked no more than so often. */
    private static final int MOST_FAILURES = 100;

    private Providers() {}

    /** A provider, asked so that none of its faults gets out. */
    static final class Found {
        private final BackendProvider provider;
        private final @Nullable String fault;
        private final String name;
        private final int priority;

        Found(BackendProvider provider) {
            this.provider = provider;
            String text = null;
            String itsName = provider.getClass().getName();
            int itsPriority = 0;
            try {
                itsName = Arguments.notNull("name", provider.name());
                itsPriority = provider.priority();
            } catch (RuntimeException | LinkageError e) {
                text = "its provider failed: " + e;
            }
            this.fault = text;
            this.name = itsName;
            this.priority = itsPriority;
        }

        String name() {
            return name;
        }

        int priority() {
            return priority;
        }

        /** Why it cannot be used; one that throws, against its contract, cannot. */
        Optional<String> unavailable() {
            if (fault != null) {
                return Optional.of(fault);
            }
            try {
                return Arguments.notNull("unavailable", provider.unavailable());
            } catch (RuntimeException | LinkageError e) {
                return Optional.of("its provider failed: " + e);
            }
        }

        Backend open(BackendOptions options) {
            Optional<String> reason = unavailable();
            if (reason.isPresent()) {
                throw new BackendException("backend " + name + " cannot be used here: " + reason.get());
            }
            return openUsable(options);
        }

        /** Opens it where there is nothing against it. */
        Backend openUsable(BackendOptions options) {
            return Backend.opened(name, provider.open(options));
        }
    }

    /** All that are found, highest priority first. */
    static List<Found> found() {
        List<Found> found = new ArrayList<>();
        Set<Class<?>> classes = new HashSet<>();
        for (ClassLoader loader : loaders()) {
            for (BackendProvider provider : ofLoader(loader)) {
                if (classes.add(provider.getClass())) {
                    found.add(new Found(provider));
                }
            }
        }
        found.sort(Comparator.comparingInt(Found::priority).reversed());
        return found;
    }

    /** The loader of the API, and the context loader, which sees what a container has put into a child. */
    private static Set<ClassLoader> loaders() {
        Set<ClassLoader> loaders = new LinkedHashSet<>();
        loaders.add(Backend.class.getClassLoader());
        ClassLoader context = Thread.currentThread().getContextClassLoader();
        if (context != null) {
            loaders.add(context);
        }
        return loaders;
    }

    /** The providers of a loader that can be made; one that cannot is told of once and left out. */
    private static List<BackendProvider> ofLoader(ClassLoader loader) {
        List<BackendProvider> providers = new ArrayList<>();
        Iterator<BackendProvider> services =
                ServiceLoader.load(BackendProvider.class, loader).iterator();
        for (int failures = 0; failures < MOST_FAILURES; ) {
            try {
                if (!services.hasNext()) {
                    break;
                }
                providers.add(services.next());
            } catch (ServiceConfigurationError | LinkageError e) {
                failures++;
                sayOnce("backend left out: " + e);
            }
        }
        return providers;
    }

    /** The best one that can be used, and that can compute the network if one is given. */
    static Backend best(BackendOptions options, @Nullable RnnSpec spec) {
        List<Found> all = found();
        List<String> reasons = new ArrayList<>();
        for (Found found : all) {
            if (found.priority() < 0) {
                continue;
            }
            Optional<String> reason = found.unavailable();
            if (reason.isEmpty()) {
                try {
                    Backend backend = found.openUsable(options);
                    reason = spec == null ? Optional.empty() : backend.unsupported(spec);
                    if (reason.isEmpty()) {
                        return backend;
                    }
                    backend.close();
                } catch (BackendException e) {
                    reason = Optional.of(String.valueOf(e.getMessage()));
                } catch (RuntimeException | LinkageError e) {
                    reason = Optional.of("its provider failed: " + e);
                }
            }
            String text = found.name() + ": " + reason.get();
            reasons.add(text);
            sayOnce("backend passed over: " + text);
        }
        throw new BackendException(
                reasons.isEmpty() ? none(all) : "no backend can be used here: " + String.join("; ", reasons));
    }

    static Backend named(String name, BackendOptions options) {
        List<Found> all = found();
        for (Found found : all) {
            if (found.name().equals(name)) {
                return found.open(options);
            }
        }
        throw new BackendException(
                all.isEmpty()
                        ? none(all)
                        : "backend: expected one of "
                                + all.stream().map(Found::name).toList() + ", got " + name);
    }

    private static String none(List<Found> all) {
        return "no backend was found" + (all.isEmpty() ? "" : " that is chosen without its name")
                + ": add rondo-cpu. Asked were "
                + loaders() + " for META-INF/services/" + BackendProvider.class.getName()
                + "; a jar made of several must keep that file, and Backend.of takes a provider that is at hand";
    }

    private static void sayOnce(String text) {
        if (SAID.add(text)) {
            LOG.log(System.Logger.Level.INFO, text);
        }
    }
}
