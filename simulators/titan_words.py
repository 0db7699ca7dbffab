"""The Modbus image of a Titan: values as words, holes, and the SunSpec common model."""

from typing import TYPE_CHECKING, Final

from .titan_table import Register, documented, registers

if TYPE_CHECKING:
    from .titan_model import TitanModel
    from .titan_values import Value

SUNSPEC_END: Final = 70
SUNS: Final = (0x5375, 0x6E53)


class TitanWords:
    """Gives the words of any address range, or None where the device refuses to read."""

    def __init__(self, model: TitanModel) -> None:
        """Show this Titan."""
        self.model = model

    def read(self, address: int, count: int) -> list[int] | None:
        """Give count words from address on; None when the range touches a hole."""
        wanted = range(address, address + count)
        if wanted.stop > 0x10000 or not self._readable(wanted):
            return None
        image = self.common() if self.model.options.sunspec and address < SUNSPEC_END else {}
        for register in registers().values():
            if register.address < wanted.stop and register.address + register.words > address:
                image.update(enumerate(self.encode(register), start=register.address))
        return [image.get(a, 0) for a in wanted]

    def encode(self, register: Register) -> list[int]:
        """Give the words of one register."""
        if not self.model.present(register):
            return [0] * register.words
        value = self.model.value(register.address)
        if register.type == "string":
            text = str(value)[: 2 * self.model.options.string_words]
            return self._text(text, register.words)
        return self._number(register, value)

    def common(self) -> dict[int, int]:
        """Give the SunSpec common model at 0..69."""
        options = self.model.options
        texts = {4: ("INDEVOLT", 16), 20: (options.model_type, 16), 36: ("", 8), 44: ("V1.45.01", 8)}
        image = {0: SUNS[0], 1: SUNS[1], 2: 1, 3: 66, 68: options.unit_id, 69: 0x8000}
        for start, (text, words) in (texts | {52: (options.serial, 16)}).items():
            image.update(enumerate(self._text(text, words), start=start))
        return image

    def _readable(self, wanted: range) -> bool:
        options = self.model.options
        if any(a in options.extra_holes for a in wanted):
            return False
        if options.holes == "none":
            return True
        return all(self._exists(a) for a in wanted)

    def _exists(self, address: int) -> bool:
        if address < SUNSPEC_END:
            return self.model.options.sunspec
        if address not in documented():
            return False
        register = registers().get(address)
        return register is None or self.model.present(register)

    def _number(self, register: Register, value: Value) -> list[int]:
        raw = round(float(value) / register.scale)
        bits = 16 * register.words
        low, high = (-(1 << bits - 1), (1 << bits - 1) - 1) if register.signed else (0, (1 << bits) - 1)
        raw = min(max(raw, low), high) & ((1 << bits) - 1)
        if register.words == 1:
            return [raw]
        words = [raw >> 16, raw & 0xFFFF]
        return words if self.model.options.word_order == "big" else words[::-1]

    def _text(self, text: str, words: int) -> list[int]:
        data = text.encode("ascii").ljust(2 * words, b"\0")[: 2 * words]
        order: Final = "little" if self.model.options.string_swapped else "big"
        return [int.from_bytes(data[i : i + 2], order) for i in range(0, len(data), 2)]
