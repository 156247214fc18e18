package dev.rondo.cpu.reference.model;

import dev.rondo.Backend;
import dev.rondo.model.CharacterLanguageModelContract;

class ReferenceCharacterLanguageModelTest extends CharacterLanguageModelContract {
    @Override
    protected Backend open() {
        return Backend.named("reference");
    }
}
