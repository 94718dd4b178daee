#include "tls/system_authorities.h"

#include <cstdlib>
#include <filesystem>
#include <fstream>
#include <gmock/gmock.h>

#include "tls/identities.h"

namespace seki::tls {
namespace {

namespace fs = std::filesystem;

struct SystemAuthoritiesTest : testing::Test {
    SystemAuthoritiesTest() {
        std::string made = (fs::temp_directory_path() / "seki-authorities-XXXXXX").string();
        folder = ::mkdtemp(made.data());
        ::setenv("SSL_CERT_FILE", (folder / "none").c_str(), 1);
    }
    ~SystemAuthoritiesTest() override {
        ::unsetenv("SSL_CERT_FILE");
        ::unsetenv("SSL_CERT_DIR");
        fs::remove_all(folder);
    }

    // Each in a folder of its own, which are read one after the other.
    static std::string in_folders(const fs::path& parent, const std::vector<std::string>& texts) {
        std::string folders;
        for (size_t number = 0; number < texts.size(); ++number) {
            const fs::path one = parent / std::to_string(number);
            fs::create_directory(one);
            std::ofstream(one / "9d04f354.0") << texts[number];
            folders += (folders.empty() ? "" : ":") + one.string();
        }
        return folders;
    }
    static int trusted() {
        SystemAuthorities authorities;
        return sk_X509_OBJECT_num(X509_STORE_get0_objects(authorities.store()));
    }
    static std::string certificate(const std::string& name) {
        return to_pem(*make_certificate({.names = {name}})).certificate;
    }

    fs::path folder;
};

TEST_F(SystemAuthoritiesTest, are_those_of_every_file) {
    const std::string several = certificate("a.example") + certificate("b.example");
    ::setenv("SSL_CERT_DIR", in_folders(folder, {several, certificate("c.example")}).c_str(), 1);
    EXPECT_EQ(trusted(), 3);
}

TEST_F(SystemAuthoritiesTest, lose_only_the_file_that_is_broken) {
    const std::string good = certificate("a.example");
    const std::string cut = good.substr(0, good.size() / 2);
    const std::string no_certificate = "-----BEGIN CERTIFICATE-----\nAAAA\n-----END CERTIFICATE-----\n";
    for (const std::string& broken : {cut, no_certificate, std::string("\0\n", 2), std::string()}) {
        ::setenv("SSL_CERT_DIR", in_folders(folder, {broken, good}).c_str(), 1);
        EXPECT_EQ(trusted(), 1) << broken;
    }
}

}  // namespace
}  // namespace seki::tls
