package dev.rondo.cpu.reference.model;

import dev.rondo.Backend;
import dev.rondo.model.CharacterTrainingContract;

class ReferenceCharacterTrainingTest extends CharacterTrainingContract {
    @Override
    protected Backend open() {
        return Backend.named("reference");
    }
}
