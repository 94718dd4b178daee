#include "ctl/verbs/verbs.h"

namespace seki::ctl {

void add_init_verb(Family& root) {
    const auto keep = [](command::Request&, const auto&) { return Result<>{}; };
    Verb& verb =
        root.verb("init", "", "Write a first configuration file; asks for what is not said, connects to nobody");
    verb.option("--hostname", "NAME", "Host that clients ask for; may be repeated", keep).repeatable();
    verb.option("--backend", "IP:PORT", "Server that answers; may be repeated", keep).repeatable();
    const Option certificate = verb.option("--certificate", "FILE", "For HTTPS, in PEM; without it, only HTTP", keep);
    verb.option("--key", "FILE", "Its private key; without it, in the same file", keep).needs(certificate);
    verb.option("--http", "IP:PORT", "Where it listens", keep).default_text("0.0.0.0:8080");
    verb.option("--https", "IP:PORT", "Where it listens for HTTPS", keep).default_text("0.0.0.0:8443");
    verb.option("-o,--output", "FILE", "File to write, which must not be there", keep).default_text("seki.toml");
    verb.sign("--force", "Overwrite the file", keep);
    verb.becomes([](command::Request, const Verb& said) -> Action {
        const auto text = [&said](const char* option, const std::string& otherwise) {
            return said.given(option) ? said.text_of(option) : otherwise;
        };
        const std::string certificate_file = text("--certificate", "");
        return InitFile{.hostnames = said.texts_of("--hostname"),
                        .backends = said.texts_of("--backend"),
                        .certificate = certificate_file,
                        .key = text("--key", certificate_file),
                        .http = text("--http", "0.0.0.0:8080"),
                        .https = text("--https", "0.0.0.0:8443"),
                        .output = text("--output", "seki.toml"),
                        .force = said.given("--force")};
    });
}

}  // namespace seki::ctl
