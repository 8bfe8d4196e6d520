"""Which models a file declares, and which of them a name means."""

from dataclasses import dataclass, field

from gateway.interchange.findings import Place


@dataclass(frozen=True, slots=True, kw_only=True)
class DeclaredModel:
    """One model, as it is called there and here."""

    written: str
    """provider/id, as the file has it."""
    name: str
    """The name that the file gives it, or what is written."""
    provider: str
    """The provider's name here."""
    model: str
    """Its id there: the usual way to name it as a target."""
    place: Place
    is_default: bool = False
    """It is asked when a request names no model."""


@dataclass(slots=True)
class DeclaredModels:
    """All models of a file."""

    models: list[DeclaredModel] = field(default_factory=list)

    def meant_by(self, name: str) -> list[DeclaredModel]:
        """By its own name, else by provider/id, else by id alone. Several when the file is not clear.

        Source: crates/common/src/llm_providers.rs of katanemo/plano
        """
        readings = ("name", "written", "model")
        return next(filter(None, (self._called(name, reading) for reading in readings)), [])

    @property
    def default(self) -> DeclaredModel | None:
        """The one that is asked when a request names no model."""
        return next((model for model in self.models if model.is_default), None)

    def twin_of(self, model: DeclaredModel) -> DeclaredModel | None:
        """Another one of the same name, or the same model of the same provider."""
        for one in self.models:
            if one.name == model.name or (one.provider, one.model) == (model.provider, model.model):
                return one
        return None

    def _called(self, name: str, reading: str) -> list[DeclaredModel]:
        return [model for model in self.models if getattr(model, reading) == name]
