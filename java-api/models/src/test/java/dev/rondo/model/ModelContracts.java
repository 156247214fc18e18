package dev.rondo.model;

import dev.rondo.Backend;
import org.junit.jupiter.api.Nested;

/** All contracts of the models. A backend runs them by a subclass that says how it is opened. */
public abstract class ModelContracts {
    /** For subclasses. */
    protected ModelContracts() {}

    /**
     * The backend under test.
     *
     * @return a new one
     */
    protected abstract Backend open();

    @Nested
    class LanguageModel extends CharacterLanguageModelContract {
        @Override
        protected Backend open() {
            return ModelContracts.this.open();
        }
    }

    @Nested
    class Training extends CharacterTrainingContract {
        @Override
        protected Backend open() {
            return ModelContracts.this.open();
        }
    }

    @Nested
    class ResumedTraining extends ResumedTrainingContract {
        @Override
        protected Backend open() {
            return ModelContracts.this.open();
        }
    }

    @Nested
    class Files extends ModelFileContract {
        @Override
        protected Backend open() {
            return ModelContracts.this.open();
        }
    }

    @Nested
    class EarlierFiles extends EarlierFilesContract {
        @Override
        protected Backend open() {
            return ModelContracts.this.open();
        }
    }

    @Nested
    class Classifier extends ClassifierContract {
        @Override
        protected Backend open() {
            return ModelContracts.this.open();
        }
    }

    @Nested
    class EncoderDecoders extends EncoderDecoderContract {
        @Override
        protected Backend open() {
            return ModelContracts.this.open();
        }
    }

    @Nested
    class Regressor extends RegressorContract {
        @Override
        protected Backend open() {
            return ModelContracts.this.open();
        }
    }

    @Nested
    class Translations extends TranslationContract {
        @Override
        protected Backend open() {
            return ModelContracts.this.open();
        }
    }

    @Nested
    class GradientNorm extends GradientNormContract {
        @Override
        protected Backend open() {
            return ModelContracts.this.open();
        }
    }

    @Nested
    class Tagger extends TaggerContract {
        @Override
        protected Backend open() {
            return ModelContracts.this.open();
        }
    }

    @Nested
    class Writer extends WriterContract {
        @Override
        protected Backend open() {
            return ModelContracts.this.open();
        }
    }

    @Nested
    class Glimpses extends GlimpseContract {
        @Override
        protected Backend open() {
            return ModelContracts.this.open();
        }
    }

    @Nested
    class Streams extends StreamPoolContract {
        @Override
        protected Backend open() {
            return ModelContracts.this.open();
        }
    }

    @Nested
    class Skips extends SkipStackContract {
        @Override
        protected Backend open() {
            return ModelContracts.this.open();
        }
    }

    @Nested
    class Transitions extends TransitionContract {
        @Override
        protected Backend open() {
            return ModelContracts.this.open();
        }
    }

    @Nested
    class Grids extends GridContract {
        @Override
        protected Backend open() {
            return ModelContracts.this.open();
        }
    }

    @Nested
    class Convolutions extends ConvolutionContract {
        @Override
        protected Backend open() {
            return ModelContracts.this.open();
        }
    }

    @Nested
    class Generative extends GenerativeContract {
        @Override
        protected Backend open() {
            return ModelContracts.this.open();
        }
    }
}
