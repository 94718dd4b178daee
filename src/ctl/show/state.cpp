#include <fmt/format.h>

#include "config/difference.h"
#include "ctl/show/show.h"
#include "ctl/terminal_text.h"

namespace seki::ctl {

std::string show_differences(const command::Differences& differences) {
    std::string text;
    for (const command::Difference& difference : differences.vec()) text += printable(config::text(difference)) + "\n";
    if (differences.omitted() > 0) text += fmt::format("… and {} more\n", differences.omitted());
    for (const std::string& setting : differences.after_restart())
        text += printable("setting of the process: " + setting) + "\n";
    return text;
}

std::string show_state_version(const command::StateVersion& version) { return fmt::format("{}\n", version.version()); }

std::string show_change_set(const command::ChangeSetPart& part) {
    return fmt::format("{} changes are kept for the rest of set {}\n", part.held(), part.id());
}

std::string show_state_page(const command::StatePage& page) {
    return fmt::format("{} changes of the state with version {}\n", page.changes_size(), page.version());
}

}  // namespace seki::ctl
