"""Sentences stay sentences, whatever a stranger's file is full of."""

from vitreous.core.errors import VitreousError


def test_of_a_word_without_end_the_beginning_is_said():
    told = str(VitreousError(f"unknown mode '{'x' * 5000}'; expected shear"))
    assert told == f"unknown mode '{'x' * 200}...'; expected shear"


def test_paths_and_sentences_are_said_as_they_are():
    sentence = f"/{'folder/' * 40}a.xyz " + "has many words " * 100
    assert str(VitreousError(sentence)) == sentence
