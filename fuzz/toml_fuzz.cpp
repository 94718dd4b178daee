// Any file must either become a configuration whose changes can be applied, or a list of diagnostics with lines within
// it.

#include <algorithm>
#include <cstddef>
#include <cstdint>
#include <fmt/format.h>
#include <string>
#include <string_view>
#include <sys/mman.h>
#include <unistd.h>

#include "base/check.h"
#include "base/unique_fd.h"
#include "config/schema/schema.h"
#include "config/state.h"
#include "config/toml/file.h"
#include "config/toml/format.h"

using namespace seki;

namespace {

constexpr std::string_view certificate_and_key =
    "-----BEGIN CERTIFICATE-----\n"
    "MIIBfTCCASOgAwIBAgIUA3myck99HpC5qK9Eool2t1FpJXUwCgYIKoZIzj0EAwIw\n"
    "DDEKMAgGA1UEAwwBYTAgFw0yNjExMzAwOTMxMTNaGA8yMTI2MTEwNjA5MzExM1ow\n"
    "DDEKMAgGA1UEAwwBYTBZMBMGByqGSM49AgEGCCqGSM49AwEHA0IABPXx6ZhVGqqR\n"
    "LKfjOxn1UD91pw3BYnnekj2BSVpLw5FtgYxDo8HrmIEjFUyBMTAzsQVJKrPwGITk\n"
    "t2+k434pDN2jYTBfMB0GA1UdDgQWBBR52SyjuRshzNEPSawaXzbm2MYfpjAfBgNV\n"
    "HSMEGDAWgBR52SyjuRshzNEPSawaXzbm2MYfpjAPBgNVHRMBAf8EBTADAQH/MAwG\n"
    "A1UdEQQFMAOCAWEwCgYIKoZIzj0EAwIDSAAwRQIgeYPN2crdQaIfDXUe6mRh99tC\n"
    "PwohmW0sNP2AxyT0m80CIQCS9rsueqj9ixgwCLjoTsCiFTWGJmEArv3x9qFKfMSl\n"
    "oA==\n"
    "-----END CERTIFICATE-----\n"
    "-----BEGIN PRIVATE KEY-----\n"
    "MIGHAgEAMBMGByqGSM49AgEGCCqGSM49AwEHBG0wawIBAQQgvLhcPijbI8CRP2Kp\n"
    "dmx5Dj5SPMJxd62svfcEZP8jSkChRANCAAT18emYVRqqkSyn4zsZ9VA/dacNwWJ5\n"
    "3pI9gUlaS8ORbYGMQ6PB65iBIxVMgTEwM7EFSSqz8BiE5LdvpON+KQzd\n"
    "-----END PRIVATE KEY-----\n";

// Files that a text names are not looked for: each has the same answer, or the same certificate and key.
Result<std::string> read_file(const std::string& path, size_t max_size) {
    SEKI_CHECK(max_size > 0);
    if (path.ends_with('/')) return failure("there is none");  // the text named nothing
    if (path.ends_with(".pem")) return std::string(certificate_and_key);
    return "HTTP/1.1 404 Not Found\n\nno %ROUTE\n";
}

// Nor is a name looked up: one that begins with "no" has no address.
Result<std::vector<IpAddress>> resolve(const std::string& host) {
    if (host.starts_with("no")) return failure("there is none");
    return std::vector{IpAddress::v4(0xC0000201), IpAddress::v4(0x7F000001), IpAddress::v4(0xC0000201)};
}

// A file that has this text, in memory only.
config::FileResult load(std::string_view text) {
    static const UniqueFd file(memfd_create("seki.toml", MFD_CLOEXEC));
    static const std::string path = fmt::format("/proc/self/fd/{}", file.get());
    SEKI_CHECK(ftruncate(file.get(), 0) == 0);
    SEKI_CHECK(pwrite(file.get(), text.data(), text.size(), 0) == static_cast<ssize_t>(text.size()));
    return config::load(path, read_file, resolve);
}

void check_diagnostics(const std::vector<config::Diagnostic>& diagnostics, std::string_view text) {
    for (const config::Diagnostic& diagnostic : diagnostics) {
        SEKI_CHECK(diagnostic.line <= static_cast<size_t>(std::ranges::count(text, '\n')) + 1);
        SEKI_CHECK(!diagnostic.reason.empty());
        SEKI_CHECK(diagnostic.column <= diagnostic.written.size() + 1 || diagnostic.written.empty());
        SEKI_CHECK(!diagnostic.text().contains('\n'));
        const auto lines = std::ranges::count(diagnostic.shown(), '\n');
        SEKI_CHECK(lines == 1 || lines == 3);
    }
    SEKI_CHECK(config::text(diagnostics).empty() == diagnostics.empty());
}

// Of TOML: it says the same as before, and stays as it is from then on.
void check_formatted(std::string_view text) {
    if (!config::syntax_mistakes(text, "seki.toml").empty()) return;
    const auto formatted = config::format(text);
    SEKI_CHECK(formatted.has_value());
    const auto again = config::format(*formatted);
    SEKI_CHECK(again.has_value() && *again == *formatted);
}

}  // namespace

extern "C" int LLVMFuzzerTestOneInput(const uint8_t* data, size_t size) {
    // The readers of a file are asked which keys there are, too; that depends on no input.
    static const bool is_described = !config::file_schema().empty();
    SEKI_CHECK(is_described);
    const std::string_view text(reinterpret_cast<const char*>(data), size);
    check_formatted(text);
    const config::FileResult result = load(text);
    if (!result) {
        SEKI_CHECK(!result.error().empty());
        check_diagnostics(result.error(), text);
        return 0;
    }
    check_diagnostics(result->warnings, text);
    SEKI_CHECK(result->server.IsInitialized());
    config::State state;
    for (const auto& change : result->changes) SEKI_CHECK(state.apply(change).has_value());
    return 0;
}
