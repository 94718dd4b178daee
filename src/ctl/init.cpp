#include "ctl/init.h"

#include <fmt/format.h>
#include <istream>
#include <ostream>
#include <string_view>
#include <unistd.h>
#include <utility>

#include "config/toml/file.h"
#include "convert/keys.h"
#include "ctl/terminal_text.h"
#include "ctl/text_file.h"
#include "net/address.h"

namespace seki::ctl {
namespace {

using convert::quoted;

bool is_secured(const InitFile& site) { return !site.certificate.empty(); }

std::string listener(std::string_view protocol, const std::string& address) {
    return fmt::format("\n[[listeners]]\nprotocol = \"{}\"\naddress = {}\n", protocol, quoted(address));
}

uint16_t port_of(const std::string& address) {
    const auto parsed = SocketAddress::parse(address);
    return parsed ? parsed->port() : 0;
}

// Where a browser goes without being told a port there is nothing to say.
std::string redirect_to(const std::string& https) {
    constexpr uint16_t usual_port = 443;
    const uint16_t port = port_of(https);
    return port == usual_port ? std::string("https_redirect = true\n")
                              : fmt::format("https_redirect = true\nhttps_redirect_port = {}\n", port);
}

std::string frontends(const InitFile& site) {
    std::string text = "frontends = [\n";
    for (const std::string& hostname : site.hostnames) {
        text += fmt::format("  {{ address = {}, hostname = {} }},\n", quoted(site.http), quoted(hostname));
        if (is_secured(site))
            text += fmt::format("  {{ address = {}, hostname = {} }},\n", quoted(site.https), quoted(hostname));
    }
    return text + "]\n";
}

std::string backends(const InitFile& site) {
    std::string text = "backends = [\n";
    for (const std::string& backend : site.backends) text += fmt::format("  {{ address = {} }},\n", quoted(backend));
    return text + "]\n";
}

std::vector<std::string> words_of(std::string_view line) {
    std::vector<std::string> words;
    constexpr std::string_view between = " ,\t\r";
    for (size_t begin = line.find_first_not_of(between); begin != std::string_view::npos;) {
        const size_t end = line.find_first_of(between, begin);
        words.emplace_back(line.substr(begin, end - begin));
        begin = end == std::string_view::npos ? end : line.find_first_not_of(between, end);
    }
    return words;
}

class Interview {
public:
    Interview(std::istream& answers, std::ostream& questions) : answers_(answers), questions_(questions) {}

    // Until `take` finds nothing wrong with the answer, which is `fallback` when there is none.
    template <typename Take>
    Result<> ask(std::string_view question, const std::string& fallback, Take take) {
        for (;;) {
            questions_ << question << (fallback.empty() ? "" : " [" + fallback + "]") << ": " << std::flush;
            std::string line;
            if (!std::getline(answers_, line)) return failure("there is no answer; nothing was written");
            std::vector<std::string> words = words_of(line);
            if (words.empty()) words = words_of(fallback);
            const std::string why = take(words);
            if (why.empty()) return {};
            questions_ << "  " << printable(why) << "\n";
        }
    }

private:
    std::istream& answers_;
    std::ostream& questions_;
};

// What is not known yet is as good as anything.
InitFile completed(InitFile site) {
    if (site.hostnames.empty()) site.hostnames = {"example.com"};
    if (site.backends.empty()) site.backends = {"127.0.0.1:3000"};
    return site;
}

std::string judged(const InitFile& site) { return why_not_valid(completed(site)); }

// The answer is a list of words.
Result<> ask_for_list(Interview& interview, std::string_view question, const std::string& fallback, InitFile& site,
                      std::vector<std::string> InitFile::* list) {
    return interview.ask(question, fallback, [&](const std::vector<std::string>& words) {
        site.*list = words;
        return judged(site);
    });
}

Result<> ask_for_certificate(Interview& interview, InitFile& site) {
    const auto take = [&](const std::vector<std::string>& words) {
        if (words.empty()) return std::string();
        site.certificate = words.front();
        // The key may be in the same file.
        site.key = words.size() > 1 ? words[1] : words.front();
        std::string why = words.size() > 2 ? "name one file, or two" : judged(site);
        if (!why.empty()) site.certificate.clear();
        return why;
    };
    return interview.ask("Certificate and key for HTTPS, files in PEM; nothing: only HTTP", "", take);
}

// On this machine, whatever the name leads to.
std::string first_request(const InitFile& site) {
    std::string host = site.hostnames.front();
    if (host.starts_with('*')) host.replace(0, 1, "www");
    if (!is_secured(site)) return fmt::format("curl -H 'Host: {}' http://127.0.0.1:{}/", host, port_of(site.http));
    const uint16_t port = port_of(site.https);
    return fmt::format("curl --cacert {0} --resolve {1}:{2}:127.0.0.1 https://{1}:{2}/", site.certificate, host, port);
}

std::string next_steps(const InitFile& site) {
    return fmt::format("{0} is written. Next:\n\n    seki check -c {0}\n    seki -c {0} start\n    {1}\n", site.output,
                       first_request(site));
}

}  // namespace

std::string first_file(const InitFile& site) {
    std::string text =
        "# Made by `seki init`. `seki check` judges it, `seki reload` makes the running server obey it, and\n"
        "# `seki config schema` lists all keys for an editor.\n"
        "\n"
        "# Where `seki status` and the other verbs find the server.\n"
        "command_socket = \"seki.sock\"\n"
        "\n"
        "# One for each processor is a good number.\n"
        "worker_count = 2\n"
        "\n"
        "# Where clients come. Ports below 1024 are for root, and for who has CAP_NET_BIND_SERVICE.";
    text += listener("http", site.http);
    if (is_secured(site)) {
        text += listener("https", site.https);
        text += fmt::format("certificate = {}\nkey = {}\n", quoted(site.certificate), quoted(site.key));
    }
    text +=
        "\n# What they get: which requests (frontends) go to which servers (backends).\n[clusters.site]\n"
        "protocol = \"http\"\n";
    if (is_secured(site)) text += redirect_to(site.https);
    return text + frontends(site) + backends(site);
}

std::string why_not_valid(const InitFile& site) {
    const auto parsed = config::parse(first_file(site), site.output);
    return parsed ? std::string() : parsed.error().front().reason;
}

Result<InitFile> ask_for_site(InitFile said, std::istream& answers, std::ostream& questions) {
    Interview interview(answers, questions);
    const bool knows_all = !said.hostnames.empty() && !said.backends.empty();
    if (said.hostnames.empty()) {
        auto asked = ask_for_list(interview, "Host names of the site", "localhost", said, &InitFile::hostnames);
        if (!asked) return std::unexpected(asked.error());
    }
    if (said.backends.empty()) {
        auto asked = ask_for_list(interview, "Its servers, each IP:PORT", "127.0.0.1:3000", said, &InitFile::backends);
        if (!asked) return std::unexpected(asked.error());
    }
    if (!knows_all && said.certificate.empty()) {
        if (auto asked = ask_for_certificate(interview, said); !asked) return std::unexpected(asked.error());
    }
    return said;
}

Result<std::string> init(const InitFile& said, bool somebody, std::istream& answers, std::ostream& questions) {
    const std::string why = judged(said);
    if (!why.empty()) return failure("{}", why);
    // Not after all the questions.
    if (!said.force && ::access(said.output.c_str(), F_OK) == 0)
        return failure("{} is there already; --force overwrites it", said.output);
    if (!somebody && (said.hostnames.empty() || said.backends.empty()))
        return failure("there is nobody to ask: say --hostname NAME and --backend IP:PORT");
    auto site = ask_for_site(said, answers, questions);
    if (!site) return std::unexpected(site.error());
    if (auto written = write_text_file(site->output, first_file(*site), site->force); !written)
        return std::unexpected(written.error());
    return next_steps(*site);
}

}  // namespace seki::ctl
