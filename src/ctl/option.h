#pragma once

// An option of a verb, while the verb is declared. A handle: copies mean the same option. CLI11 behind it is known to
// few files, because it takes long to compile.

#include <cstdint>
#include <string>
#include <vector>

namespace CLI {
class Option;
}  // namespace CLI

namespace seki::ctl {

class Option {
public:
    explicit Option(CLI::Option& option) noexcept : option_(&option) {}

    const Option& required() const;
    // What the help says of a value that is not given; empty: nothing.
    const Option& default_text(const std::string& text) const;
    // In place of the name of the field's type.
    const Option& type(const std::string& name) const;
    const Option& within(int least, int most) const;
    const Option& within(uint32_t least, uint32_t most) const;
    // May be given several times, with one value each.
    const Option& repeatable() const;
    // Takes all words that follow.
    const Option& many() const;
    const Option& needs(const Option& other) const;
    const Option& excludes(const Option& other) const;

    [[nodiscard]] std::string name() const;
    // How often it was given.
    [[nodiscard]] size_t count() const;
    [[nodiscard]] const std::vector<std::string>& values() const;

private:
    CLI::Option* option_;
};

}  // namespace seki::ctl
