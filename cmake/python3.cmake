# python3.cmake: the Python package as a Debian package, whose modules load the system's libsemid.so.0; `pip install .` (see
# pyproject.toml) makes a wheel that carries the library instead.
set(SEMID_PYTHON_DIRECTORY ${CMAKE_INSTALL_PREFIX}/lib/python3/dist-packages)
install(DIRECTORY python/semid DESTINATION ${SEMID_PYTHON_DIRECTORY} COMPONENT python3-semid
    FILES_MATCHING PATTERN "*.py" PATTERN "py.typed" PATTERN "__pycache__" EXCLUDE)

# What pip and importlib.metadata look for.
file(WRITE ${PROJECT_BINARY_DIR}/debian/METADATA "Metadata-Version: 2.1\nName: semid\nVersion: ${PROJECT_VERSION}\n"
    "Summary: Semantic IDs for recommenders\nRequires-Python: >=3.9\nRequires-Dist: numpy>=1.20\n")
file(WRITE ${PROJECT_BINARY_DIR}/debian/INSTALLER "debian\n")
install(FILES ${PROJECT_BINARY_DIR}/debian/METADATA ${PROJECT_BINARY_DIR}/debian/INSTALLER
    DESTINATION ${SEMID_PYTHON_DIRECTORY}/semid-${PROJECT_VERSION}.dist-info COMPONENT python3-semid)

# Compiled when installed, for the Pythons that are there; the compiled files go with the package.
file(WRITE ${PROJECT_BINARY_DIR}/debian/postinst "#!/bin/sh\nset -e\n"
    "if [ \"$1\" = configure ] && command -v py3compile >/dev/null; then\n    py3compile -p python3-semid -V 3.9-\nfi\n")
file(WRITE ${PROJECT_BINARY_DIR}/debian/prerm "#!/bin/sh\nset -e\n"
    "if command -v py3clean >/dev/null; then\n    py3clean -p python3-semid\nfi\n")
file(CHMOD ${PROJECT_BINARY_DIR}/debian/postinst ${PROJECT_BINARY_DIR}/debian/prerm PERMISSIONS OWNER_READ OWNER_WRITE
    OWNER_EXECUTE GROUP_READ GROUP_EXECUTE WORLD_READ WORLD_EXECUTE)
