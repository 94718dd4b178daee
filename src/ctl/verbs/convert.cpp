#include "ctl/verbs/verbs.h"

namespace seki::ctl {
namespace {

void add_format(Family& family, const std::string& name, convert::Format format, const std::string& help) {
    const auto keep = [](command::Request&, const auto&) { return Result<>{}; };
    Verb& verb = family.verb(name, "", help);
    verb.option("file", "FILE", "The file of the other proxy", keep).required();
    const Option output =
        verb.option("-o,--output", "FILE", "File to write, which must not be there; without it, stdout", keep);
    verb.sign("--force", "Overwrite the file", keep).needs(output);
    verb.sign("--strict", "Exit code 1 when a line was not converted, or not in all", keep);
    verb.becomes([format](command::Request, const Verb& said) -> Action {
        return ConvertFile{.format = format,
                           .path = said.text_of("file"),
                           .output = said.given("--output") ? said.text_of("--output") : "",
                           .force = said.given("--force"),
                           .strict = said.given("--strict")};
    });
}

}  // namespace

void add_convert_verbs(Family& root) {
    Family family = root.family("convert", "Make a configuration file of one of another proxy; connects to nobody");
    add_format(family, "nginx", convert::Format::nginx, "Make one of nginx's, with the files that it includes");
    add_format(family, "haproxy", convert::Format::haproxy, "Make one of HAProxy's");
}

}  // namespace seki::ctl
