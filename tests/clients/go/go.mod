module reprise/tests/clients

go 1.21
