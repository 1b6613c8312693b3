# package.cmake: four Debian packages by `cpack -G DEB` in a build with CMAKE_INSTALL_PREFIX=/usr (preset deb).
# What they depend on is read from the binaries by dpkg-shlibdeps.
set(CPACK_GENERATOR DEB)
set(CPACK_PACKAGE_NAME semid)
set(CPACK_PACKAGE_VENDOR "The semid maintainers")
set(CPACK_PACKAGE_CONTACT "The semid maintainers <maintainers@semid.invalid>")
set(CPACK_PACKAGING_INSTALL_PREFIX /usr)
set(CPACK_STRIP_FILES ON)
set(CPACK_RESOURCE_FILE_LICENSE ${PROJECT_SOURCE_DIR}/LICENSE)
set(CPACK_COMPONENTS_ALL semid libsemid0 libsemid-dev python3-semid)
set(CPACK_COMPONENTS_GROUPING IGNORE)
set(CPACK_DEB_COMPONENT_INSTALL ON)
set(CPACK_DEBIAN_FILE_NAME DEB-DEFAULT)
set(CPACK_DEBIAN_PACKAGE_SHLIBDEPS ON)
# CPack's own shlibs come with scripts that call ldconfig; Debian has a trigger for it.
file(WRITE ${PROJECT_BINARY_DIR}/debian/shlibs "libsemid 0 libsemid0 (>= ${PROJECT_VERSION})\n")
file(WRITE ${PROJECT_BINARY_DIR}/debian/triggers "activate-noawait ldconfig\n")
set(CPACK_DEBIAN_LIBSEMID0_PACKAGE_CONTROL_EXTRA ${PROJECT_BINARY_DIR}/debian/shlibs
    ${PROJECT_BINARY_DIR}/debian/triggers)
set(scripts ${PROJECT_SOURCE_DIR}/packaging/debian)
set(CPACK_DEBIAN_SEMID_PACKAGE_CONTROL_EXTRA ${scripts}/postinst ${scripts}/prerm ${scripts}/postrm)
set(CPACK_DEBIAN_PACKAGE_CONTROL_STRICT_PERMISSION ON)
set(CPACK_INSTALL_DEFAULT_DIRECTORY_PERMISSIONS OWNER_READ OWNER_WRITE OWNER_EXECUTE GROUP_READ GROUP_EXECUTE
    WORLD_READ WORLD_EXECUTE)

set(about "A semantic ID is a tuple of codes, coarse to fine, learned from an item's\ntext or vector; \
items that are alike share a beginning. Recommenders use\nthem as features, as buckets to retrieve from and as words to generate.\n.\n\
This package holds")
set(CPACK_PACKAGE_DESCRIPTION_SUMMARY "semantic IDs for recommenders")
set(CPACK_COMPONENT_SEMID_DESCRIPTION "${about} the program, which needs no other one.")
set(CPACK_COMPONENT_LIBSEMID0_DESCRIPTION "${about} the shared library.")
set(CPACK_COMPONENT_LIBSEMID-DEV_DESCRIPTION "${about} what programs in C are compiled with.")
set(CPACK_COMPONENT_PYTHON3-SEMID_DESCRIPTION "${about} the Python package.")
foreach(component SEMID LIBSEMID0 LIBSEMID-DEV PYTHON3-SEMID)
    string(TOLOWER ${component} package)
    set(CPACK_DEBIAN_${component}_PACKAGE_NAME ${package})
endforeach()
set(CPACK_DEBIAN_SEMID_PACKAGE_SECTION science)
set(CPACK_DEBIAN_LIBSEMID0_PACKAGE_SECTION libs)
set(CPACK_DEBIAN_LIBSEMID-DEV_PACKAGE_SECTION libdevel)
set(CPACK_DEBIAN_SEMID_PACKAGE_SUGGESTS "bash-completion, man-db")
set(CPACK_DEBIAN_LIBSEMID-DEV_PACKAGE_DEPENDS "libsemid0 (= ${PROJECT_VERSION})")
set(CPACK_DEBIAN_LIBSEMID-DEV_PACKAGE_SUGGESTS "pkg-config")
set(CPACK_DEBIAN_PYTHON3-SEMID_PACKAGE_SECTION python)
set(CPACK_DEBIAN_PYTHON3-SEMID_PACKAGE_ARCHITECTURE all)
set(CPACK_DEBIAN_PYTHON3-SEMID_PACKAGE_DEPENDS
    "python3 (>= 3.9), python3-numpy, libsemid0 (= ${PROJECT_VERSION})")
set(CPACK_DEBIAN_PYTHON3-SEMID_PACKAGE_CONTROL_EXTRA ${PROJECT_BINARY_DIR}/debian/postinst ${PROJECT_BINARY_DIR}/debian/prerm)
include(CPack)
